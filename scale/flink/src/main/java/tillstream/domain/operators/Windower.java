package tillstream.domain.operators;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/**
 * How the items of one key hold together in event time: `domain/operators/windower.ts`.
 *
 * @param <I> item
 * @param <S> what is kept
 * @param <V> what is judged
 */
public interface Windower<I, S, V> {
  /** Takes an item in. @param state null where none is kept, or it had expired @param at may lie before others */
  Held<S, V> add(S state, I item, long at);

  /**
   * What a key is held as after an item.
   *
   * @param expiresAt event time from which on the state means nothing any more
   * @param begins nothing of before is part of the view: what is told of the key from here on is something new
   * @param isApart the item came so late that the view is its own, and the state goes on without it
   */
  record Held<S, V>(S state, V view, long expiresAt, boolean begins, boolean isApart) {}

  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  @JsonPropertyOrder({"at", "item"})
  record At<I>(long at, I item) implements Serializable {}

  /** Items by event time, ascending; of one instant in the order of the log. */
  record Sliding<I>(List<At<I>> items) implements Serializable {}

  /** The items within a length before the newest one, both ends included. @param most items kept, the newest */
  static <I> Windower<I, Sliding<I>, List<I>> sliding(long lengthMs, int most) {
    return (state, item, at) -> {
      // Nearly always the first of its key.
      if (state == null) return new Held<>(new Sliding<>(List.of(new At<>(at, item))), List.of(item), at + lengthMs, true, false);
      List<At<I>> known = state.items;
      long newest = Math.max(at, known.get(known.size() - 1).at);
      int place = known.size();
      while (place > 0 && known.get(place - 1).at > at) place -= 1;
      List<At<I>> items = new ArrayList<>(known.size() + 1);
      for (int one = 0; one <= known.size(); one += 1) {
        if (one == place && at >= newest - lengthMs) items.add(new At<>(at, item));
        if (one < known.size() && known.get(one).at >= newest - lengthMs) items.add(known.get(one));
      }
      if (items.size() > most) items = new ArrayList<>(items.subList(items.size() - most, items.size()));
      List<I> view = new ArrayList<>(items.size());
      for (At<I> one : items) view.add(one.item);
      return new Held<>(new Sliding<>(items), view, newest + lengthMs, false, false);
    };
  }

  /** What follows each other without a gap. @param start event times of its first and last item */
  record Session<T>(long start, long end, T sum) implements Serializable {}

  /** Items no more than a gap apart belong together; one further away begins another. */
  static <T> Windower<T, Session<T>, Session<T>> session(long gapMs, BinaryOperator<T> add) {
    return (open, item, at) -> {
      Session<T> alone = new Session<>(at, at, item);
      if (open == null || at > open.end + gapMs) return new Held<>(alone, alone, at + gapMs, true, false);
      if (at < open.start - gapMs) return new Held<>(open, alone, open.end + gapMs, true, true);
      Session<T> joined = new Session<>(Math.min(open.start, at), Math.max(open.end, at), add.apply(open.sum, item));
      return new Held<>(joined, joined, joined.end + gapMs, false, false);
    };
  }

  /** What goes on being added up, with the newest event time of it. */
  record Running<T>(long newest, T value) implements Serializable {}

  interface Adds<I, T> {
    /** @param value null: nothing yet */
    T add(T value, I item, long at);
  }

  /** Every item is folded into it; it is dropped when nothing came for so long. */
  static <I, T> Windower<I, Running<T>, Running<T>> running(long keepMs, Adds<I, T> adds) {
    return (known, item, at) -> {
      long newest = known == null ? at : Math.max(known.newest, at);
      Running<T> state = new Running<>(newest, adds.add(known == null ? null : known.value, item, at));
      return new Held<>(state, state, newest + keepMs, known == null, false);
    };
  }
}
