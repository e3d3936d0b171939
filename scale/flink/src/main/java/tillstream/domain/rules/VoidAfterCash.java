package tillstream.domain.rules;

import static tillstream.domain.Instants.MINUTE_MS;
import static tillstream.domain.operators.Texts.number;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tillstream.domain.EventType;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.Reference;
import tillstream.domain.operators.Judgement;
import tillstream.domain.operators.Judgement.Figure;
import tillstream.domain.operators.Receipt;
import tillstream.domain.operators.Rule;
import tillstream.domain.operators.Windower;
import tillstream.domain.operators.Windower.Sliding;

/** Voids right after cash sales: `void-after-cash.ts`. */
final class VoidAfterCash extends Rule<VoidAfterCash.Item, Sliding<VoidAfterCash.Item>, List<VoidAfterCash.Item>> {
  private static final int MOST_KEPT = 60;

  /** A cash sale, or a void, at one till; of a sale no more than its number is needed. */
  sealed interface Item extends Serializable {}

  record Sale(String orderId) implements Item {}

  record Void(Receipt receipt) implements Item {}

  VoidAfterCash() {
    super("void_after_cash", "fraud", false, new Parameter("voids", 3), new Parameter("minutes", 30));
  }

  @Override
  protected Given<Item> input(Seen seen, double[] p, Reference reference) {
    Event event = seen.event;
    String key = event.details().cashier() == null ? event.register() : event.details().cashier();
    if (key == null) return null;
    if (event.type() == EventType.ORDER_VOIDED) return new Given<>(key, new Void(seen.receipt()));
    if (event.type() != EventType.ORDER_PLACED || !event.details().isPaidBy("cash")) return null;
    return new Given<>(key, new Sale(event.orderId()));
  }

  @Override
  protected Windower<Item, Sliding<Item>, List<Item>> window(double[] p) {
    return Windower.sliding((long) (p[1] * MINUTE_MS), MOST_KEPT);
  }

  @Override
  protected Judgement judge(List<Item> items, Seen seen, Item item, String key, double[] p) {
    if (seen.event.type() != EventType.ORDER_VOIDED) return null;
    Set<String> cash = new HashSet<>();
    for (Item one : items) if (one instanceof Sale sale) cash.add(sale.orderId);
    List<Receipt> found = new ArrayList<>();
    for (Item one : items) if (one instanceof Void back && cash.contains(back.receipt.orderId())) found.add(back.receipt);
    int count = found.size();
    if (count < p[0]) return null;
    return new Judgement(
        Math.min(100, 65 + 10 * (count - p[0])),
        count + " cash sales voided within " + number(p[1]) + " minutes by " + key,
        List.of(new Figure("Voids of cash sales", Integer.toString(count), "fewer than " + number(p[0]))),
        found);
  }
}
