package tillstream.job;

/** An entry of the topic as it came: what the source hands to the partition's operator. A POJO, so that Flink writes it quickly. */
public class RawRecord {
    public int partition;
    /** Ours: Kafka's + 1, as 0 means that nothing was read. */
    public long offset;
    /** Of the record: its append time, unless the value says another. */
    public long timestamp;
    public byte[] value;

    public RawRecord() {}

    public RawRecord(int partition, long offset, long timestamp, byte[] value) {
        this.partition = partition;
        this.offset = offset;
        this.timestamp = timestamp;
        this.value = value;
    }
}
