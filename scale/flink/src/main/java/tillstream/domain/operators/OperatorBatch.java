package tillstream.domain.operators;

import static tillstream.domain.Instants.DAY_MS;
import static tillstream.domain.Instants.HOUR_MS;
import static tillstream.domain.Instants.NONE;

import java.util.List;
import tillstream.domain.rules.Rules;

/**
 * What a batch's operators keep and say. Panes are sums to be added; all else stands as it is after the batch.
 *
 * @param states that were touched, with those that mean nothing any more
 * @param dropped that mean nothing any more and are kept no longer
 */
public record OperatorBatch(
    List<State> states, List<Dropped> dropped, List<Pane> panes, List<SessionRow> sessions, List<Alert.Change> alerts, List<Failure> failures) {

  private static final long PANES_KEPT_MS = HOUR_MS;
  private static final long SESSIONS_KEPT_MS = DAY_MS;

  /** @param state a document for {@link Texts#json} @param alert null: none is open */
  public record State(
      String operator, String store, String key, Object state, long expiresAt, long since, Alert alert, boolean isHeld) {
    boolean hasExpired(long watermark) {
      return !isHeld && watermark != NONE && expiresAt <= watermark;
    }
  }

  public record Dropped(String operator, String store, String key) {}

  /** What a batch adds to a sum per metric, store, pane of event time and key. */
  public static final class Pane {
    public final String metric;
    public final String store;
    public final String key;
    public final long paneStart;
    public long documents, units, net;
    long lastOffset;

    Pane(String metric, String store, String key, long paneStart) {
      this.metric = metric;
      this.store = store;
      this.key = key;
      this.paneStart = paneStart;
    }
  }

  /** A session as it stands after a batch. */
  public record SessionRow(
      String metric, String sessionId, String store, String key, long start, long end, long orders, long units, long net, long views) {}

  /** What an operator could not judge: it went on without the event. */
  public record Failure(String operator, long offset, String message) {}

  /**
   * What is worth writing at a watermark: of a backlog of days nearly none. What time judges is written though it means
   * nothing any more: a row of before may say that it is held, and would be for ever.
   */
  public List<State> keptStates(long watermark) {
    return states.stream().filter(state -> !state.hasExpired(watermark) || Rules.TIMED.contains(state.operator)).toList();
  }

  /** Panes that are still looked at. */
  public List<Pane> keptPanes(long watermark) {
    if (watermark == NONE) return panes;
    long since = watermark - ProductSales.WINDOW_MS - PANES_KEPT_MS;
    return panes.stream().filter(pane -> pane.paneStart >= since).toList();
  }

  public List<SessionRow> keptSessions(long watermark) {
    if (watermark == NONE) return sessions;
    return sessions.stream().filter(session -> session.end >= watermark - SESSIONS_KEPT_MS).toList();
  }
}
