package tillstream.job;

import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The stream path as the job of a cluster of Flink's that is there already, in application mode: containers and Kubernetes. Brokers
 * come from KAFKA_URL, topic and generation from the database. The state folder is one that the job manager and all task managers
 * share. A failure ends the job and its cluster; whoever runs the containers begins again, from the newest checkpoint.
 */
public final class ClusterJob {
    private ClusterJob() {}

    public static void main(String[] arguments) throws Exception {
        Settings settings = Settings.of(arguments, System.getenv());
        StreamJob.run(settings, StreamExecutionEnvironment.getExecutionEnvironment(StreamJob.configuration(settings)));
    }
}
