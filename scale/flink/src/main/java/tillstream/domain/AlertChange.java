package tillstream.domain;

/** @param isNews whether people must hear of it */
public record AlertChange(Alert alert, boolean isNews) {}
