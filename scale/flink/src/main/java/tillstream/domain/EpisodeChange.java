package tillstream.domain;

/** @param isNews whether people must hear of it; else only its figures moved */
public record EpisodeChange(Episode episode, boolean isNews) {}
