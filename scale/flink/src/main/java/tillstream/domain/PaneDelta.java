package tillstream.domain;

/** What a batch adds to a pane of a metric. */
public final class PaneDelta {
    public String metric;
    public String store;
    public String key;
    public long paneStart;
    public long documents;
    public long units;
    public long net;
}
