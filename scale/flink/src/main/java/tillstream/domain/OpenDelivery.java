package tillstream.domain;

/** What is open of one product of one purchase order. @param units above zero */
public record OpenDelivery(String purchaseOrder, long units, Long placedAt, Long expectedAt) {}
