package tillstream.domain.operators;

import tillstream.domain.LogRecord.Event;
import tillstream.domain.Reference;

/**
 * A rule: which events it looks at and by which key, how those of a key hold together in event time, and when they say that
 * a person should look (`domain/operators/rule.ts`). Its words for people stay with the TypeScript declaration; its numbers
 * come from `ref.rule_versions`, and where a version leaves one out, as the rule brings it.
 */
public abstract class Rule<I, S, V> {
  /** A number that people may set. */
  public record Parameter(String name, double initial) {}

  /** The key within the store, and the item. */
  public record Given<I>(String key, I item) {}

  /** An event as rules look at it: its receipt is written once for all. */
  public static final class Seen {
    public final Event event;
    private Receipt receipt;

    public Seen(Event event) {
      this.event = event;
    }

    public Receipt receipt() {
      if (receipt == null) receipt = Receipt.of(event);
      return receipt;
    }
  }

  public final String name;
  public final String kind;
  /** Open until it is judged to be over, and judged by each minute that passes; else open until its key has been quiet. */
  public final boolean isTimed;
  public final Parameter[] parameters;

  protected Rule(String name, String kind, boolean isTimed, Parameter... parameters) {
    this.name = name;
    this.kind = kind;
    this.isTimed = isTimed;
    this.parameters = parameters;
  }

  /** Filter, key and map. @param p in the order of `parameters` @return null where the event does not concern the rule */
  protected abstract Given<I> input(Seen seen, double[] p, Reference reference);

  protected abstract Windower<I, S, V> window(double[] p);

  /** After each item of a key of a rule that is not timed. @return null: nothing to be looked at */
  protected Judgement judge(V view, Seen seen, I item, String key, double[] p) {
    return null;
  }

  /** After each minute that the watermark passes, for every key with a state, of a rule that is timed. */
  protected Judgement judgeAt(S state, String store, String key, long at, double[] p, Reference reference) {
    return null;
  }

  /** What a version sets, and for the rest what the rule brings. @param version null: the rule as it comes */
  double[] valuesOf(Reference.RuleVersion version) {
    double[] values = new double[parameters.length];
    for (int at = 0; at < values.length; at += 1) {
      Double set = version == null ? null : version.parameters().get(parameters[at].name);
      values[at] = set == null ? parameters[at].initial : set;
    }
    return values;
  }
}
