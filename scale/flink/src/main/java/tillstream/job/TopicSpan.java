package tillstream.job;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Reads of one partition of the topic beside the source: without a group, at the offsets that are asked for. */
final class TopicSpan {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(500);

    private TopicSpan() {}

    interface Taker<Failure extends Exception> {
        void take(ConsumerRecord<byte[], byte[]> record) throws Failure;
    }

    static KafkaConsumer<byte[], byte[]> consumer(Settings settings, TopicPartition partition) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", settings.brokers);
        properties.put("isolation.level", "read_committed");
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "none");
        KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.assign(List.of(partition));
        return consumer;
    }

    /** Reads the records from an offset of Kafka's up to, and without, another: those that are there, whatever holes are between. */
    static <Failure extends Exception> void read(
            KafkaConsumer<byte[], byte[]> consumer, TopicPartition partition, long from, long to, Taker<Failure> taker) throws Failure {
        consumer.seek(partition, Math.min(from, to));
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        // The position passes markers that hold no record.
        while (consumer.position(partition) < to) {
            var records = consumer.poll(POLL);
            if (!records.isEmpty()) deadline = System.nanoTime() + PATIENCE.toNanos();
            else if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the log of " + partition + " is not read up to offset " + (to + 1));
            }
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (record.offset() >= to) break;
                taker.take(record);
            }
        }
    }
}
