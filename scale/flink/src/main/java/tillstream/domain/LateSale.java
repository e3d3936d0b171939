package tillstream.domain;

/** A sale that came after its window had closed. @param watermark by which that was judged */
public record LateSale(long offset, long appendedAt, String store, String channel, String currency, long windowStart, long watermark) {}
