package tillstream.job;

import java.io.Serializable;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;

/**
 * What the job is told, as `--name=value`; the database's address comes from DATABASE_URL, so that no list of processes
 * shows it. `scale/flink/job.ts` gives them; in a cluster brokers come from KAFKA_URL, as our other processes have them, and
 * what is left out of topic and generation from the database.
 */
public final class Settings implements Serializable {
    private static final long serialVersionUID = 1;

    /** host:port, comma separated. */
    public final String brokers;
    public final String topic;
    /** The generation whose tables it fills. */
    public final int generation;
    /** Folder of checkpoints and savepoints, of this generation alone. */
    public final String stateFolder;
    public final int parallelism;
    /** hashmap or rocksdb */
    public final String backend;
    public final long checkpointMs;
    /** Longest that entries gather before they are written, where nothing holds them up. */
    public final long gatherMs;
    /** Most entries of a batch. */
    public final int largestBatch;
    /** Stocks and states of operators that a partition keeps as objects beside Flink's state; the rest is read from there. */
    public final int mostCached;
    /** Shown in log.owners. */
    public final String owner;
    public final int restPort;
    /** Savepoint or checkpoint to begin from; null: the newest in `stateFolder`, if there is one. */
    public final String from;
    private final String databaseUrl;

    private Settings(Map<String, String> given, String databaseUrl) {
        this.databaseUrl = databaseUrl;
        brokers = need(given, "brokers");
        topic = given.getOrDefault("topic", "tillstream.orders");
        generation = Integer.parseInt(need(given, "generation"));
        stateFolder = need(given, "state");
        parallelism = Integer.parseInt(given.getOrDefault("parallelism", "2"));
        backend = given.getOrDefault("backend", "hashmap");
        checkpointMs = Long.parseLong(given.getOrDefault("checkpoint-ms", "10000"));
        gatherMs = Long.parseLong(given.getOrDefault("gather-ms", "20"));
        largestBatch = Integer.parseInt(given.getOrDefault("largest-batch", "20000"));
        mostCached = Integer.parseInt(given.getOrDefault("most-cached", "200000"));
        owner = given.getOrDefault("owner", "flink");
        restPort = Integer.parseInt(given.getOrDefault("rest-port", "8081"));
        from = given.get("from");
    }

    public static Settings of(String[] arguments, Map<String, String> environment) {
        Map<String, String> given = new HashMap<>();
        for (String argument : arguments) {
            if (!argument.startsWith("--") || !argument.contains("=")) {
                throw new IllegalArgumentException(argument + ": settings are given as --name=value");
            }
            String[] parts = argument.substring(2).split("=", 2);
            given.put(parts[0], parts[1]);
        }
        String url = environment.get("DATABASE_URL");
        if (url == null) throw new IllegalArgumentException("DATABASE_URL is not set");
        if (environment.containsKey("KAFKA_URL")) given.putIfAbsent("brokers", environment.get("KAFKA_URL"));
        if (!given.containsKey("generation")) known(url).forEach(given::putIfAbsent);
        return new Settings(given, url);
    }

    /** The topic that is the log, and the newest generation that is Flink's to fill. */
    private static Map<String, String> known(String url) {
        String query = "select k.topic, g.generation from log.kafka k, stream.generations g"
                + " where g.engine = 'flink' order by g.generation desc limit 1";
        try (Connection connection = DriverManager.getConnection(jdbcUrl(url, "tillstream flink", Map.of()));
                ResultSet rows = connection.createStatement().executeQuery(query)) {
            if (!rows.next()) throw new IllegalArgumentException("no generation is Flink's, or the log is not in Kafka");
            return Map.of("topic", rows.getString(1), "generation", rows.getString(2));
        } catch (SQLException error) {
            throw new IllegalStateException("the database cannot be asked for the generation", error);
        }
    }

    private static String need(Map<String, String> given, String name) {
        String value = given.get(name);
        if (value == null) throw new IllegalArgumentException("--" + name + " is missing");
        return value;
    }

    /** The same database as the driver's URL. @param application shown in pg_stat_activity */
    String jdbcUrl(String application, Map<String, String> session) {
        return jdbcUrl(databaseUrl, application, session);
    }

    private static String jdbcUrl(String databaseUrl, String application, Map<String, String> session) {
        URI url = URI.create(databaseUrl);
        StringBuilder options = new StringBuilder();
        session.forEach((name, value) -> options.append(options.isEmpty() ? "" : " ").append("-c ").append(name).append('=').append(value));
        StringBuilder jdbc = new StringBuilder("jdbc:postgresql://").append(url.getHost());
        if (url.getPort() > 0) jdbc.append(':').append(url.getPort());
        jdbc.append(url.getPath()).append("?ApplicationName=").append(encoded(application)).append("&options=").append(encoded(options.toString()));
        if (url.getRawUserInfo() != null) {
            String[] user = url.getRawUserInfo().split(":", 2);
            jdbc.append("&user=").append(encoded(decoded(user[0])));
            if (user.length > 1) jdbc.append("&password=").append(encoded(decoded(user[1])));
        }
        return jdbc.toString();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
