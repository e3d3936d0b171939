package tillstream.domain;

/** What is kept of one key of one operator (`KeptState` of `domain/operators/fold.ts`). Changed in place by the fold alone. */
public final class KeptState {
    /** Plain JSON (Map, List, String, Long, Double, Boolean, null); the windower's. */
    public Object state;
    public long expiresAt;
    public long since;
    /** The open episode, or null. */
    public Alert alert;
    public boolean isHeld;

    /** Whether it means nothing any more at a watermark. @param watermark null: there is none yet */
    public boolean hasExpired(Long watermark) {
        return !isHeld && watermark != null && expiresAt <= watermark;
    }
}
