package tillstream.job;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import tillstream.domain.Deltas;
import tillstream.domain.EventType.Movement;
import tillstream.domain.LogRecord;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.RecordDecoder;

/**
 * Movements of stock that lie behind, read from the topic when they are asked for: as `server/stream/state/load-lookbacks.ts`
 * asks the log. Few counts stand before what was sold earlier; one scan answers for all products of a document, and nothing is
 * kept for those that are never asked.
 */
final class LogDeltas implements Deltas, AutoCloseable {
    /** As `load-lookbacks.ts`: what the intake lets an event lie ahead of its clock, and a minute. */
    private static final long AHEAD_AT_MOST_MS = 3 * 60_000;
    /** Entries between two places that are remembered. */
    private static final int PLACES_APART = 2_048;

    private record Delta(long eventTime, long units) {}

    private record Scan(String store, long after, long beforeOffset, Map<String, List<Delta>> bySku) {}

    private record Place(long offset, long appendedAt) {}

    private final Settings settings;
    private final TopicPartition partition;
    private final RecordDecoder decoder = new RecordDecoder();
    private final List<Place> places = new ArrayList<>();
    private KafkaConsumer<byte[], byte[]> consumer;
    private Scan last;
    private int passed;

    LogDeltas(Settings settings, int partition) {
        this.settings = settings;
        this.partition = new TopicPartition(settings.topic, partition);
    }

    /** Told of each entry: of history whose append times are older than their records, the broker knows no place by time. */
    void pass(long offset, long appendedAt) {
        if (passed++ % PLACES_APART == 0) places.add(new Place(offset, appendedAt));
    }

    @Override
    public long sumAfter(String store, String sku, long after, boolean inclusive, long beforeOffset) {
        boolean isKnown = last != null && last.store.equals(store) && last.after == after && last.beforeOffset == beforeOffset;
        if (!isKnown) last = new Scan(store, after, beforeOffset, read(store, after, beforeOffset));
        long sum = 0;
        for (Delta delta : last.bySku.getOrDefault(sku, List.of())) {
            if (delta.eventTime > after || (inclusive && delta.eventTime == after)) sum += delta.units;
        }
        return sum;
    }

    /** The log could not be asked, which says nothing of the entry that asked. */
    static final class UnavailableException extends RuntimeException {
        private static final long serialVersionUID = 1;

        UnavailableException(TopicPartition partition, RuntimeException cause) {
            super("the log of " + partition + " cannot be read", cause);
        }
    }

    private Map<String, List<Delta>> read(String store, long after, long beforeOffset) {
        try {
            return scan(store, after, beforeOffset);
        } catch (RuntimeException error) {
            throw new UnavailableException(partition, error);
        }
    }

    private Map<String, List<Delta>> scan(String store, long after, long beforeOffset) {
        Map<String, List<Delta>> bySku = new HashMap<>();
        KafkaConsumer<byte[], byte[]> reader = reader();
        // Entries are our offset minus one.
        TopicSpan.read(reader, partition, firstToRead(reader, after - AHEAD_AT_MOST_MS), beforeOffset - 1, record ->
                take(decoder.decode(record.value(), record.offset() + 1, record.timestamp()), store, after, bySku));
        return bySku;
    }

    private static void take(LogRecord record, String store, long after, Map<String, List<Delta>> bySku) {
        if (!(record instanceof Event event) || event.eventTime() < after || !event.store().equals(store)) return;
        Movement movement = event.type().movement;
        if (movement == null || movement == Movement.COUNTED || event.lines() == null) return;
        for (int line = 0; line < event.lines().size(); line++) {
            if (!event.lines().movesStock(line)) continue;
            bySku.computeIfAbsent(event.lines().skus[line], sku -> new ArrayList<>(2))
                    .add(new Delta(event.eventTime(), event.movedUnits(line)));
        }
    }

    private long firstToRead(KafkaConsumer<byte[], byte[]> reader, long appendedAt) {
        // A record is never older than the append time in its value, so this place is never too late.
        OffsetAndTimestamp byTime = reader.offsetsForTimes(Map.of(partition, appendedAt)).get(partition);
        long first = byTime == null ? Long.MAX_VALUE : byTime.offset();
        for (int index = places.size() - 1; index >= 0; index--) {
            Place place = places.get(index);
            if (place.appendedAt < appendedAt) return first == Long.MAX_VALUE ? first : Math.max(first, place.offset - 1);
        }
        return first;
    }

    private KafkaConsumer<byte[], byte[]> reader() {
        if (consumer == null) consumer = TopicSpan.consumer(settings, partition);
        return consumer;
    }

    @Override
    public void close() {
        if (consumer != null) consumer.close();
    }
}
