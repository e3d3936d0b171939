package tillstream.domain.operators;

import static tillstream.domain.Instants.NONE;

import java.io.Serializable;

/** What is kept of one key of one operator. */
public final class Kept implements Serializable {
  private static final long serialVersionUID = 1;

  /** Keys are scoped to a store. */
  public record Key(String store, String key) implements Serializable {}

  /** The windower's; replaced, never changed in place, and a document of the table as it is. */
  public Object state;
  public long expiresAt;
  /** Offset of the event with which what is told of it began. */
  public long since;
  /** The episode that is open; null: none is. */
  public Alert alert;
  /** That episode ends by itself: until then the state is kept, however old it is. */
  public boolean isHeld;

  transient boolean isTouched;

  /** Whether it means nothing any more at a watermark: it is as if it had never been. */
  public boolean hasExpired(long watermark) {
    return !isHeld && watermark != NONE && expiresAt <= watermark;
  }
}
