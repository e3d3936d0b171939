package tillstream.job;

/** Somebody else has taken the partition: nothing more is written under this epoch. */
public final class FencedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    FencedException(String consumer, int partition, long epoch) {
        super(consumer + ": partition " + partition + " was taken by another process (epoch " + epoch + " is over)");
    }
}
