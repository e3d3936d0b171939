package tillstream.domain;

/**
 * The movements of stock that lie behind: asked only when a count or an opening receipt stands before movements that were
 * folded already. Our stream asks the log for them; a job may ask the archive of the log, or keep them.
 */
public interface Deltas {
  /**
   * The sum of a sku's deltas at earlier offsets that lie after an instant.
   *
   * @param inclusive at it, too
   * @param beforeOffset of the event that asks
   */
  long sumAfter(String store, String sku, long after, boolean inclusive, long beforeOffset);

  /** Told of each delta, in the order of the log. */
  default void add(String store, String sku, long eventTime, long units) {}

  /** Told that no anchor before this instant, or at it, can stand any more. */
  default void forgetUpTo(String store, String sku, long countedAt) {}
}
