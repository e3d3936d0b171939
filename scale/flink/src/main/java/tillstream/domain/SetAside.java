package tillstream.domain;

/** An event that the stream goes on without, named as far as its record tells ('' where it does not). @param reason a sentence */
public record SetAside(long offset, long appendedAt, String store, String businessDay, String type, String source, String id, String reason) {}
