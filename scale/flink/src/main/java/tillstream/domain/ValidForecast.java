package tillstream.domain;

/** What a store will sell of a product on a day. @param unitsByWeekday of business days, Monday first @param spread of a day's units */
public record ValidForecast(long validFrom, double[] unitsByWeekday, double spread) {}
