package tillstream.domain;

/** What a batch adds to one window; every figure is a sum (`server/stream/fold/windows.ts`). */
public final class WindowDelta {
    public String store;
    public String channel;
    public String currency;
    public long windowStart;
    public String businessDay;
    public long orders;
    public long units;
    public long gross;
    public long discounts;
    public long returns;
    public long returnDocuments;
    public long unitsReturned;
    /** Net of the late events among them. */
    public long lateNet;
    /** Late events. */
    public long revision;
    public long bulkEvents;
    public long lastOffset;
}
