package tillstream.domain;

/** A sku that a batch touched. @param wasShort whether it was short before the batch, by its level alone @param after its state: the fold's own, not to be changed */
public record TouchedStock(String store, String sku, boolean wasShort, StockState after) {}
