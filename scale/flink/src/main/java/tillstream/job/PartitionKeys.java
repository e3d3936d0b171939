package tillstream.job;

import java.io.Serializable;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

/**
 * A key for each partition of the log, such that partitions lie evenly over Flink's key groups: by their plain numbers, four
 * partitions over two machines may all land on one. Keys depend on the number of partitions and `MOST_PARALLEL` alone, both
 * of which never change: so state is found again, however many machines share it.
 */
public final class PartitionKeys implements Serializable, KeySelector<RawRecord, Integer> {
    private static final long serialVersionUID = 1;
    /** Key groups; never to be changed, or savepoints do not fit. */
    public static final int MOST_PARALLEL = 128;

    private final int[] keys;

    public PartitionKeys(int partitions) {
        keys = new int[partitions];
        int candidate = 0;
        for (int partition = 0; partition < partitions; partition++) {
            int group = (int) ((long) partition * MOST_PARALLEL / partitions) % MOST_PARALLEL;
            while (KeyGroupRangeAssignment.assignToKeyGroup(candidate, MOST_PARALLEL) != group) candidate++;
            keys[partition] = candidate++;
        }
    }

    public int of(int partition) {
        return keys[partition];
    }

    @Override
    public Integer getKey(RawRecord given) {
        return keys[given.partition];
    }
}
