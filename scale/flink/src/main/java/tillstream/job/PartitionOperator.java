package tillstream.job;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import tillstream.domain.PartitionState;

/**
 * The partitions that fall to one task, keyed by partition: fold and sink in one, as the offset at which a batch begins is the
 * one that the tables stand at.
 *
 * <pre>
 *   records of the topic ─ keyed by partition ─▶ PartitionWorker ─▶ one transaction a batch: rows, sources, changes, checkpoint
 *                                                   │  before a snapshot: all that came is written, so that
 *                                                   ▼  Flink's offset is never past the one in Postgres
 *                        Flink's keyed state: an entry for each stock, order and operator's key, those that changed
 * </pre>
 *
 * A restart from an older snapshot folds again what lies between it and the tables, and writes nothing of it. The state of a
 * partition is objects in memory, written through to Flink's state (heap or RocksDB) entry by entry with each snapshot.
 */
public final class PartitionOperator extends AbstractStreamOperator<Long>
        implements OneInputStreamOperator<RawRecord, Long>, BoundedOneInput {
    private static final long serialVersionUID = 1;

    private final Settings settings;
    private final PartitionKeys keys;
    private transient ValueState<byte[]> head;
    private transient MapState<String, byte[]> stocks;
    private transient MapState<String, byte[]> purchases;
    private transient MapState<String, byte[]> operators;
    private transient Map<Integer, PartitionWorker> workers;
    private transient ExecutorService writer;
    private transient boolean isClosed;

    public PartitionOperator(Settings settings, PartitionKeys keys) {
        this.settings = settings;
        this.keys = keys;
    }

    @Override
    public void open() throws Exception {
        super.open();
        head = getRuntimeContext().getState(new ValueStateDescriptor<>("head", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        stocks = entries("stocks");
        purchases = entries("purchases");
        operators = entries("operators");
        workers = new TreeMap<>();
        writer = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "writer of " + getOperatorName());
            thread.setDaemon(true);
            return thread;
        });
        lookAgain();
    }

    private MapState<String, byte[]> entries(String name) {
        return getRuntimeContext().getMapState(new MapStateDescriptor<>(
                name, Types.STRING, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    }

    private void lookAgain() {
        long now = getProcessingTimeService().getCurrentProcessingTime();
        getProcessingTimeService().registerTimer(now + settings.gatherMs, at -> {
            if (isClosed) return;
            for (int partition : List.copyOf(workers.keySet())) guarded(partition, worker -> worker.look(at));
            lookAgain();
        });
    }

    @Override
    public void processElement(StreamRecord<RawRecord> element) throws Exception {
        RawRecord raw = element.getValue();
        PartitionWorker worker = workers.get(raw.partition);
        if (worker == null) {
            worker = new PartitionWorker(settings, raw.partition, restored(), writer, 0);
            workers.put(raw.partition, worker);
        }
        guarded(raw.partition, own -> own.accept(raw));
    }

    private interface Work {
        void on(PartitionWorker worker) throws Exception;
    }

    /** Works on a partition; where the database refuses a batch, once that is written without what it refuses. */
    private void guarded(int partition, Work work) throws Exception {
        for (;;) {
            try {
                work.on(workers.get(partition));
                return;
            } catch (RefusedException refused) {
                writeAround(partition, refused);
            }
        }
    }

    /**
     * The state has folded what cannot be written: it begins again from Flink's, reads from the topic as far as it was, and
     * writes each entry of the batch alone. One that is refused so is set aside, and it begins again once more, without it.
     */
    private void writeAround(int partition, RefusedException first) throws Exception {
        long reached = workers.get(partition).offset();
        long through = first.through;
        TopicPartition topic = new TopicPartition(settings.topic, partition);
        try (KafkaConsumer<byte[], byte[]> consumer = TopicSpan.consumer(settings, topic)) {
            for (;;) {
                workers.get(partition).close();
                setCurrentKey(keys.of(partition));
                PartitionWorker again = new PartitionWorker(settings, partition, restored(), writer, through);
                workers.put(partition, again);
                try {
                    TopicSpan.read(consumer, topic, again.offset(), reached, record ->
                            again.accept(new RawRecord(partition, record.offset() + 1, record.timestamp(), record.value())));
                    return;
                } catch (RefusedException refused) {
                    through = Math.max(through, refused.through);
                }
            }
        }
    }

    /** What Flink kept of the current key. */
    private PartitionState restored() throws Exception {
        PartitionState state = new PartitionState();
        byte[] kept = head.value();
        if (kept == null) return state;
        StateCodec.readHead(kept, state);
        for (byte[] stock : stocks.values()) StateCodec.readStock(stock, state);
        for (byte[] purchase : purchases.values()) StateCodec.readPurchase(purchase, state);
        for (byte[] operator : operators.values()) StateCodec.readOperator(operator, state);
        return state;
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpoint) throws Exception {
        for (int partition : List.copyOf(workers.keySet())) guarded(partition, PartitionWorker::settle);
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        for (Map.Entry<Integer, PartitionWorker> entry : workers.entrySet()) {
            setCurrentKey(keys.of(entry.getKey()));
            keep(entry.getValue());
        }
        super.snapshotState(context);
    }

    private void keep(PartitionWorker worker) throws Exception {
        PartitionState state = worker.state();
        head.update(StateCodec.head(state));
        StateCodec.keep(state, worker.changed(), stocks, purchases, operators);
    }

    @Override
    public void endInput() throws Exception {
        for (int partition : List.copyOf(workers.keySet())) guarded(partition, PartitionWorker::settle);
    }

    @Override
    public void close() throws Exception {
        isClosed = true;
        if (workers != null) for (PartitionWorker worker : workers.values()) worker.close();
        if (writer != null) writer.shutdownNow();
        super.close();
    }
}
