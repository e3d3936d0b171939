package tillstream.domain;

/** How far one source has come: what the watermark needs to go on (`domain/watermark.ts`). */
public record SourceProgress(String source, long maxEventTime, long lastAppendedAt) {}
