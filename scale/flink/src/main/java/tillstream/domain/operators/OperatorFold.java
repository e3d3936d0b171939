package tillstream.domain.operators;

import static tillstream.domain.Instants.MINUTE_MS;
import static tillstream.domain.Instants.NONE;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.Reference;
import tillstream.domain.Reference.RuleVersion;
import tillstream.domain.operators.OnlineSessions.Sum;
import tillstream.domain.operators.OperatorBatch.SessionRow;
import tillstream.domain.operators.Windower.Held;
import tillstream.domain.operators.Windower.Session;
import tillstream.domain.rules.Rules;

/**
 * The engine of the operators: `domain/operators/fold.ts`.
 *
 * <pre>
 *   event ─ filter, key ─▶ windower ─▶ judge ─▶ episode ─▶ alerts
 *     │                       │ state of the key, dropped when the watermark is past
 *     └ panes, sessions       └ judgeAt: a minute passed, nothing came
 * </pre>
 */
public final class OperatorFold {
  /** States that mean nothing any more are looked for once in so long of event time. */
  private static final long SWEEP_EVERY_MS = 10 * MINUTE_MS;

  private final int partition;
  private final Map<String, Map<Kept.Key, Kept>> states;
  private Reference reference;
  private final List<Ruling<?, ?, ?>> rulings = new ArrayList<>();
  private final ProductSales products = new ProductSales();

  private final Map<Kept, Touched> touched = new LinkedHashMap<>();
  private final Map<String, Alert.Change> alerts = new LinkedHashMap<>();
  private final Map<String, SessionRow> sessions = new LinkedHashMap<>();
  private final List<OperatorBatch.Failure> failures = new ArrayList<>();
  private long sweptAt = NONE;

  private record Touched(String operator, Kept.Key key) {}

  public OperatorFold(int partition, Map<String, Map<Kept.Key, Kept>> states, Reference reference) {
    this.partition = partition;
    this.states = states;
    this.reference = reference;
    for (Rule<?, ?, ?> rule : Rules.STREAM) rulings.add(new Ruling<>(rule));
  }

  /** Joins with other reference data from here on. */
  public void referTo(Reference changed) {
    reference = changed;
  }

  /** An operator that fails on an event goes on without it: figures and stock, and the other operators, never do. */
  public void apply(Event event, long watermark) {
    Rule.Seen seen = new Rule.Seen(event);
    for (Ruling<?, ?, ?> ruling : rulings) {
      try {
        ruling.apply(seen, watermark);
      } catch (RuntimeException wrong) {
        fail(ruling.rule.name, event.offset(), wrong);
      }
    }
    products.apply(event);
    applySession(event, watermark);
  }

  /** After an entry that took the watermark along: timed rules look at each minute's end once. */
  public void passTime(long before, long now, long offset) {
    if (before == NONE || now == NONE) return;
    long minute = Math.floorDiv(now, MINUTE_MS) * MINUTE_MS;
    if (minute <= before) return;
    for (Ruling<?, ?, ?> ruling : rulings) if (ruling.rule.isTimed) ruling.judgeAll(minute, offset);
  }

  private void applySession(Event event, long watermark) {
    String who = OnlineSessions.keyOf(event);
    if (who == null) return;
    Kept.Key key = new Kept.Key(event.store(), who);
    Map<Kept.Key, Kept> own = statesOf(OnlineSessions.NAME);
    Kept kept = own.get(key);
    boolean isKnown = kept != null && !kept.hasExpired(watermark);
    @SuppressWarnings("unchecked")
    Session<Sum> open = isKnown ? (Session<Sum>) kept.state : null;
    Held<Session<Sum>, Session<Sum>> held = OnlineSessions.WINDOWER.add(open, OnlineSessions.of(event), event.eventTime());
    long since = held.begins() || !isKnown ? event.offset() : kept.since;
    String sessionId = OnlineSessions.NAME + "/" + key.store() + "/" + who + "@" + partition + "-" + since;
    Session<Sum> view = held.view();
    sessions.put(
        sessionId,
        new SessionRow(
            OnlineSessions.NAME, sessionId, key.store(), who, view.start(), view.end(),
            view.sum().orders(), view.sum().units(), view.sum().net(), view.sum().views()));
    if (held.isApart()) return;
    if (kept == null) own.put(key, kept = new Kept());
    kept.state = held.state();
    kept.expiresAt = held.expiresAt();
    kept.since = since;
    kept.alert = null;
    kept.isHeld = false;
    mark(OnlineSessions.NAME, key, kept);
  }

  private Map<Kept.Key, Kept> statesOf(String operator) {
    Map<Kept.Key, Kept> own = states.get(operator);
    if (own == null) states.put(operator, own = new HashMap<>());
    return own;
  }

  private void mark(String operator, Kept.Key key, Kept kept) {
    if (kept.isTouched) return;
    kept.isTouched = true;
    touched.put(kept, new Touched(operator, key));
  }

  private void tell(Alert alert, boolean isNews) {
    Alert.Change known = alerts.get(alert.alertId());
    alerts.put(alert.alertId(), new Alert.Change(alert, isNews || (known != null && known.isNews())));
  }

  private void fail(String operator, long offset, RuntimeException wrong) {
    failures.add(new OperatorBatch.Failure(operator, offset, operator + " fails on offset " + offset + ": " + wrong.getMessage()));
  }

  /** What came of the batch, and what is kept no longer. */
  public OperatorBatch take(long watermark) {
    List<OperatorBatch.State> rows = new ArrayList<>(touched.size());
    touched.forEach(
        (kept, at) -> {
          kept.isTouched = false;
          rows.add(
              new OperatorBatch.State(
                  at.operator, at.key.store(), at.key.key(), kept.state, kept.expiresAt, kept.since, kept.alert, kept.isHeld));
        });
    OperatorBatch batch =
        new OperatorBatch(
            rows, sweep(watermark), products.take(), List.copyOf(sessions.values()), List.copyOf(alerts.values()), List.copyOf(failures));
    touched.clear();
    alerts.clear();
    sessions.clear();
    failures.clear();
    return batch;
  }

  private List<OperatorBatch.Dropped> sweep(long watermark) {
    List<OperatorBatch.Dropped> dropped = new ArrayList<>();
    if (watermark == NONE || (sweptAt != NONE && watermark - sweptAt < SWEEP_EVERY_MS)) return dropped;
    sweptAt = watermark;
    states.forEach(
        (operator, own) ->
            own.entrySet()
                .removeIf(
                    entry -> {
                      if (!entry.getValue().hasExpired(watermark)) return false;
                      dropped.add(new OperatorBatch.Dropped(operator, entry.getKey().store(), entry.getKey().key()));
                      return true;
                    }));
    return dropped;
  }

  /** A rule at work, under the version that holds: nearly all events are judged by the same. */
  private final class Ruling<I, S, V> {
    final Rule<I, S, V> rule;
    private RuleVersion version;
    private double[] parameters;
    private Windower<I, S, V> windower;

    Ruling(Rule<I, S, V> rule) {
      this.rule = rule;
    }

    /** @return whether the rule is on */
    private boolean under(long at) {
      RuleVersion holds = reference.ruleAt(rule.name, at);
      if (holds != null && !holds.isOn()) return false;
      if (windower == null || holds != version) {
        version = holds;
        parameters = rule.valuesOf(holds);
        windower = rule.window(parameters);
      }
      return true;
    }

    @SuppressWarnings("unchecked")
    void apply(Rule.Seen seen, long watermark) {
      Event event = seen.event;
      if (!under(event.eventTime())) return;
      Rule.Given<I> given = rule.input(seen, parameters, reference);
      if (given == null) return;
      Kept.Key key = new Kept.Key(event.store(), given.key());
      Map<Kept.Key, Kept> own = statesOf(rule.name);
      Kept kept = own.get(key);
      boolean isKnown = kept != null && !kept.hasExpired(watermark);
      Held<S, V> held = windower.add(isKnown ? (S) kept.state : null, given.item(), event.eventTime());
      boolean isNew = held.begins();
      Alert open = !isKnown || (isNew && !rule.isTimed) ? null : kept.alert;
      Alert alert = open;
      if (!rule.isTimed) {
        Judgement judgement = rule.judge(held.view(), seen, given.item(), given.key(), parameters);
        alert = follow(judgement, open, event.eventTime(), event.offset(), event.store(), event.register(), given.key());
      }
      if (held.isApart()) return;
      if (kept == null) own.put(key, kept = new Kept());
      kept.since = isNew ? event.offset() : kept.since;
      kept.state = held.state();
      kept.expiresAt = held.expiresAt();
      kept.alert = alert;
      kept.isHeld = rule.isTimed && alert != null;
      mark(rule.name, key, kept);
    }

    void judgeAll(long minute, long offset) {
      boolean isOn = under(minute);
      statesOf(rule.name)
          .forEach(
              (key, kept) -> {
                try {
                  judgeAt(key, kept, isOn, minute, offset);
                } catch (RuntimeException wrong) {
                  fail(rule.name, offset, wrong);
                }
              });
    }

    @SuppressWarnings("unchecked")
    private void judgeAt(Kept.Key key, Kept kept, boolean isOn, long minute, long offset) {
      if (kept.hasExpired(minute)) return;
      Judgement judgement = isOn ? rule.judgeAt((S) kept.state, key.store(), key.key(), minute, parameters, reference) : null;
      if (judgement == null && kept.alert == null) return;
      Alert alert = follow(judgement, kept.alert, minute, offset, key.store(), null, key.key());
      if (alert == kept.alert) return;
      kept.alert = alert;
      kept.isHeld = alert != null;
      mark(rule.name, key, kept);
    }

    /** @return the episode that is open afterwards */
    private Alert follow(
        Judgement judgement, Alert open, long at, long offset, String store, String register, String subject) {
      if (judgement == null) {
        if (open == null || !rule.isTimed) return open;
        tell(open.resolved(at, offset), true);
        return null;
      }
      String severity = Alert.severityOf(judgement);
      if (open == null) {
        Alert alert =
            new Alert(
                rule.name + "/" + store + "/" + subject + "@" + partition + "-" + offset, rule.kind, rule.name,
                version == null ? 1 : version.version(), store, register, subject, severity, "open", at, offset, at, offset, null,
                judgement.score(), judgement.summary(), judgement.figures(), Alert.newest(judgement.receipts()));
        tell(alert, true);
        return alert;
      }
      if (judgement.summary().equals(open.summary()) && judgement.score() == open.score()) return open;
      Alert alert = open.amended(judgement, at, offset);
      tell(alert, severity.equals("critical") && !open.severity().equals("critical"));
      return alert;
    }
  }
}
