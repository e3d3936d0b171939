package tillstream.domain;

/** A rule of replenishment, valid from an instant until the next one. @param orderUpTo null where none is set */
public record StockPolicy(long validFrom, long reorderPoint, Long orderUpTo) {}
