package tillstream.domain;

/** What became of one product of one purchase order of a store, whatever order the events came in (`domain/purchase.ts`). */
public record PurchaseLine(
        long ordered,
        long cancelled,
        long received,
        Long placedAt,
        Long confirmedAt,
        Long saidAt,
        String supplier,
        Long expectedAt) {
    public static final PurchaseLine NOTHING_ORDERED = new PurchaseLine(0, 0, 0, null, null, null, null, null);
}
