package tillstream.domain;

/** A product of a purchase order as it stands after a batch that touched it. */
public record TouchedPurchase(String store, String purchaseOrder, String sku, PurchaseLine line, long asOf, long lastOffset) {}
