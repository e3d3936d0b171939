package tillstream.domain;

/** A session as it stands after a batch. */
public record SessionRow(
        String sessionId, String metric, String store, String key, long start, long end, long orders, long units, long net, long views) {}
