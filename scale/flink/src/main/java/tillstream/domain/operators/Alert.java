package tillstream.domain.operators;

import java.io.Serializable;
import java.util.List;

/**
 * An episode of a rule: it begins with the event or the minute that first made it true. Replaced, never changed in place.
 *
 * @param alertId derived from where it began: a replay gives the same, so what people say of it stays
 * @param register null: it is about no till
 * @param subject the key within the store that it is about; '' for the store itself
 * @param resolvedAt null: it is open
 */
public record Alert(
    String alertId,
    String kind,
    String rule,
    int ruleVersion,
    String store,
    String register,
    String subject,
    String severity,
    String state,
    long openedAt,
    long openedOffset,
    long amendedAt,
    long amendedOffset,
    Long resolvedAt,
    double score,
    String summary,
    List<Judgement.Figure> figures,
    List<Receipt> receipts)
    implements Serializable {

  /** Receipts that one alert keeps: enough to judge by. */
  static final int MOST_RECEIPTS = 25;

  private static final double CRITICAL_SCORE = 75;

  /** What the table keeps as evidence. */
  public record Evidence(String summary, List<Judgement.Figure> figures, List<Receipt> receipts) {}

  /** What became of an alert. @param isNews it began, became critical, or ended; else only its figures moved */
  public record Change(Alert alert, boolean isNews) {}

  public Evidence evidence() {
    return new Evidence(summary, figures, receipts);
  }

  Alert resolved(long at, long offset) {
    return new Alert(
        alertId, kind, rule, ruleVersion, store, register, subject, severity, "resolved", openedAt, openedOffset, at, offset,
        at, score, summary, figures, receipts);
  }

  Alert amended(Judgement judgement, long at, long offset) {
    return new Alert(
        alertId, kind, rule, ruleVersion, store, register, subject, severityOf(judgement), state, openedAt, openedOffset, at,
        offset, resolvedAt, judgement.score(), judgement.summary(), judgement.figures(), newest(judgement.receipts()));
  }

  static String severityOf(Judgement judgement) {
    return judgement.score() >= CRITICAL_SCORE ? "critical" : "warning";
  }

  static List<Receipt> newest(List<Receipt> receipts) {
    int size = receipts.size();
    return List.copyOf(size <= MOST_RECEIPTS ? receipts : receipts.subList(size - MOST_RECEIPTS, size));
  }
}
