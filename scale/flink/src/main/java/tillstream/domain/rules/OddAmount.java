package tillstream.domain.rules;

import static tillstream.domain.Instants.HOUR_MS;
import static tillstream.domain.operators.Texts.fixed;
import static tillstream.domain.operators.Texts.money;
import static tillstream.domain.operators.Texts.number;

import java.io.Serializable;
import java.util.List;
import tillstream.domain.EventType;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.Reference;
import tillstream.domain.operators.Judgement;
import tillstream.domain.operators.Judgement.Figure;
import tillstream.domain.operators.Receipt;
import tillstream.domain.operators.Rule;
import tillstream.domain.operators.Windower;
import tillstream.domain.operators.Windower.Sliding;

/** An order far outside what this store sells at this time of day: `odd-amount.ts`. */
final class OddAmount extends Rule<OddAmount.Odd, Sliding<OddAmount.Odd>, List<OddAmount.Odd>> {
  /** Below, the middle and the spread say little. */
  private static final int LEAST_DOCUMENTS = 200;
  /** A store of few prices has hardly any spread: then it is taken for this. */
  private static final double LEAST_SPREAD = 0.25;

  /** @param amount as people write it, as `usual` */
  record Odd(Receipt receipt, double deviations, String amount, String usual) implements Serializable {}

  OddAmount() {
    super("odd_amount", "anomaly", false, new Parameter("deviations", 4));
  }

  @Override
  protected Given<Odd> input(Seen seen, double[] p, Reference reference) {
    Event event = seen.event;
    if (event.type() != EventType.ORDER_PLACED || event.currency() == null) return null;
    long net = event.net();
    Reference.OrderSizes sizes = net > 0 ? reference.orderSizes(event.store(), event.currency(), event.eventTime()) : null;
    if (sizes == null || sizes.documents() < LEAST_DOCUMENTS) return null;
    double deviations = (StrictMath.log(net) - sizes.median()) / Math.max(sizes.spread(), LEAST_SPREAD);
    if (deviations <= p[0]) return null;
    String usual = money(Math.round(StrictMath.exp(sizes.median())), event.currency());
    String key = event.orderId() == null ? event.id() : event.orderId();
    return new Given<>(key, new Odd(seen.receipt(), deviations, money(net, event.currency()), usual));
  }

  @Override
  protected Windower<Odd, Sliding<Odd>, List<Odd>> window(double[] p) {
    return Windower.sliding(HOUR_MS, 5);
  }

  @Override
  protected Judgement judge(List<Odd> items, Seen seen, Odd odd, String key, double[] p) {
    Receipt receipt = odd.receipt;
    String order = receipt.orderId() == null ? receipt.id() : receipt.orderId();
    return new Judgement(
        Math.min(100, Math.round(40 + 5 * (odd.deviations - p[0]))),
        "Order " + order + " of " + odd.amount + "; " + odd.usual + " is usual in these hours",
        List.of(
            new Figure("Amount", odd.amount, odd.usual + " in the middle"),
            new Figure("Deviations", fixed(odd.deviations, 1), number(p[0]))),
        items.stream().map(Odd::receipt).toList());
  }
}
