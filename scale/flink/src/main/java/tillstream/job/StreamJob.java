package tillstream.job;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;

/**
 * The stream path as a Flink job in one process: a small cluster of its own, with Flink's REST at `--rest-port` of the loopback,
 * by which it is looked at, saved and stopped. It follows the topic until it is stopped, and begins where it was: at the newest
 * checkpoint or savepoint of its state folder. In a cluster that is there already: {@link ClusterJob}.
 */
public final class StreamJob {
    private StreamJob() {}

    /** Ends with 0 once it was stopped, else with 1: threads of a cluster that came up halfway must not keep the process. */
    public static void main(String[] arguments) {
        try {
            Settings settings = Settings.of(arguments, System.getenv());
            run(settings, StreamExecutionEnvironment.createLocalEnvironmentWithWebUI(ownCluster(settings)));
            System.exit(0);
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    /** Until the job has ended. */
    static void run(Settings settings, StreamExecutionEnvironment environment) throws Exception {
        int partitions = partitionsOf(settings);
        environment.setMaxParallelism(PartitionKeys.MOST_PARALLEL);
        environment.getConfig().enableObjectReuse();
        environment.setBufferTimeout(Math.min(10, settings.gatherMs));
        PartitionKeys keys = new PartitionKeys(partitions);
        environment
                .fromSource(source(settings, partitions), WatermarkStrategy.noWatermarks(), "log")
                .uid("log")
                .keyBy(keys, Types.INT)
                .transform("stream", Types.LONG, new PartitionOperator(settings, keys))
                .uid("stream")
                .sinkTo(new DiscardingSink<>())
                .uid("end");
        JobClient job = environment.executeAsync("tillstream generation " + settings.generation);
        job.getJobExecutionResult().get();
    }

    private static KafkaSource<RawRecord> source(Settings settings, int partitions) {
        Map<TopicPartition, Long> beginning = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            beginning.put(new TopicPartition(settings.topic, partition), 0L);
        }
        return KafkaSource.<RawRecord>builder()
                .setBootstrapServers(settings.brokers)
                .setTopics(settings.topic)
                .setGroupId("tillstream-flink-" + settings.generation)
                // Where the topic no longer has its beginning, a rebuild from it would be wrong: it fails instead.
                .setStartingOffsets(OffsetsInitializer.offsets(beginning, OffsetResetStrategy.NONE))
                .setProperty("isolation.level", "read_committed")
                .setProperty("partition.discovery.interval.ms", "-1")
                .setProperty("commit.offsets.on.checkpoint", "false")
                .setProperty("max.poll.records", "2000")
                .setProperty("fetch.min.bytes", "1")
                .setDeserializer(new RawRecords())
                .build();
    }

    /** Of the job, and of the process that is all of its cluster. */
    private static Configuration ownCluster(Settings settings) throws IOException {
        Configuration configuration = configuration(settings);
        configuration.setString("taskmanager.numberOfTaskSlots", String.valueOf(settings.parallelism));
        configuration.setString("rest.address", "127.0.0.1");
        configuration.setString("rest.bind-address", "127.0.0.1");
        configuration.setString("rest.port", String.valueOf(settings.restPort));
        configuration.setString("web.submit.enable", "false");
        configuration.setString("web.cancel.enable", "false");
        configuration.setString("taskmanager.memory.managed.size", isRocks(settings) ? "128mb" : "1mb");
        configuration.setString("taskmanager.memory.network.min", "16mb");
        configuration.setString("taskmanager.memory.network.max", "16mb");
        return configuration;
    }

    private static boolean isRocks(Settings settings) {
        return settings.backend.equals("rocksdb");
    }

    /** Of the job, whatever cluster runs it. */
    static Configuration configuration(Settings settings) throws IOException {
        Path state = Path.of(settings.stateFolder).toAbsolutePath();
        Files.createDirectories(state);
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", String.valueOf(settings.parallelism));
        // Whoever runs the process begins it again, from its newest checkpoint: one way back for a failure and a kill.
        configuration.setString("restart-strategy.type", "none");
        configuration.setString("state.backend.type", settings.backend);
        configuration.setString("execution.checkpointing.interval", settings.checkpointMs + "ms");
        configuration.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
        configuration.setString("execution.checkpointing.storage", "filesystem");
        configuration.setString("execution.checkpointing.dir", state.toUri().toString());
        configuration.setString("execution.checkpointing.savepoint-dir", state.toUri().toString());
        configuration.setString("execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
        if (isRocks(settings)) configuration.setString("execution.checkpointing.incremental", "true");
        Optional<Path> from = settings.from == null ? newest(state) : Optional.of(Path.of(settings.from));
        if (from.isPresent()) {
            configuration.setString("execution.state-recovery.path", from.get().toUri().toString());
            // A checkpoint is dropped when a newer one stands; a savepoint is somebody's.
            boolean isOurs = !from.get().getFileName().toString().startsWith("savepoint-");
            configuration.setString("execution.state-recovery.claim-mode", isOurs ? "CLAIM" : "NO_CLAIM");
        }
        System.out.println(from.map(path -> "begins with " + path).orElse("begins with an empty state"));
        return configuration;
    }

    /** The newest snapshot that was completed: its folder, in which Flink writes `_metadata` last. */
    private static Optional<Path> newest(Path state) throws IOException {
        try (Stream<Path> files = Files.walk(state, 3)) {
            return files.filter(file -> file.getFileName().toString().equals("_metadata"))
                    .max(Comparator.comparingLong(file -> file.toFile().lastModified()))
                    .map(Path::getParent);
        }
    }

    private static int partitionsOf(Settings settings) throws Exception {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", settings.brokers);
        try (Admin admin = Admin.create(properties)) {
            return admin.describeTopics(List.of(settings.topic)).allTopicNames().get().get(settings.topic).partitions().size();
        }
    }
}
