import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Runs a script of Flink SQL in this process, its inserts as one job: `FlinkSql FOLDER BROKERS TOPIC GENERATION`, the database
 * by DATABASE_URL. Ends once the topic is read to where its end was. Set for throughput: mini-batches, aggregation in two
 * phases, objects reused, and commits that do not wait for the disk.
 */
public final class FlinkSql {
    private FlinkSql() {}

    public static void main(String[] given) throws Exception {
        Path folder = Path.of(given[0]);
        String script = Files.readString(folder.resolve("stream.sql"))
                .replaceAll("(?m)^\\s*--.*$", "")
                .replace("${BROKERS}", given[1])
                .replace("${TOPIC}", given[2])
                .replace("${GENERATION}", given[3])
                .replace("${DATABASE}", jdbcUrl(URI.create(System.getenv("DATABASE_URL"))));
        TableEnvironment tables = TableEnvironment.create(
                EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration(given[4])).build());
        StatementSet inserts = tables.createStatementSet();
        for (String statement : script.split(";\\s*\\n")) {
            if (statement.isBlank()) continue;
            if (statement.strip().startsWith("insert")) inserts.addInsertSql(statement.strip());
            else tables.executeSql(statement.strip());
        }
        inserts.execute().await();
        System.exit(0);
    }

    private static Configuration configuration(String checkpoints) {
        Configuration configuration = new Configuration();
        configuration.setString("rest.address", "127.0.0.1");
        configuration.setString("rest.bind-address", "127.0.0.1");
        configuration.setString("rest.bind-port", "0");
        configuration.setString("parallelism.default", "2");
        configuration.setString("restart-strategy.type", "none");
        configuration.setString("pipeline.object-reuse", "true");
        configuration.setString("execution.checkpointing.interval", "10 s");
        configuration.setString("execution.checkpointing.storage", "filesystem");
        configuration.setString("execution.checkpointing.dir", Path.of(checkpoints).toUri().toString());
        configuration.setString("execution.buffer-timeout.interval", "100 ms");
        configuration.setString("taskmanager.memory.network.max", "64mb");
        configuration.setString("taskmanager.memory.managed.size", "64mb");
        configuration.setString("table.local-time-zone", "UTC");
        configuration.setString("table.exec.mini-batch.enabled", "true");
        configuration.setString("table.exec.mini-batch.allow-latency", "1 s");
        configuration.setString("table.exec.mini-batch.size", "50000");
        configuration.setString("table.optimizer.agg-phase-strategy", "TWO_PHASE");
        return configuration;
    }

    private static String jdbcUrl(URI url) {
        String[] user = url.getRawUserInfo() == null ? new String[] {""} : url.getRawUserInfo().split(":", 2);
        String password = user.length > 1 ? "&password=" + user[1] : "";
        return "jdbc:postgresql://" + url.getHost() + ":" + url.getPort() + URLDecoder.decode(url.getPath(), StandardCharsets.UTF_8)
                + "?user=" + user[0] + password
                + "&reWriteBatchedInserts=true&stringtype=unspecified&options=-c%20synchronous_commit=off%20-c%20TimeZone=UTC";
    }
}
