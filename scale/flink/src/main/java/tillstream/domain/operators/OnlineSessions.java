package tillstream.domain.operators;

import static tillstream.domain.Instants.MINUTE_MS;

import java.io.Serializable;
import tillstream.domain.EventType;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.operators.Windower.Session;

/** Who orders in the web shop, and goes on ordering until half an hour passes (`domain/metrics/online-sessions.ts`). */
final class OnlineSessions {
  static final String NAME = "online_sessions";

  record Sum(long orders, long units, long net, long views) implements Serializable {
    Sum plus(Sum other) {
      return new Sum(orders + other.orders, units + other.units, net + other.net, views + other.views);
    }
  }

  static final Windower<Sum, Session<Sum>, Session<Sum>> WINDOWER = Windower.session(30 * MINUTE_MS, Sum::plus);

  private OnlineSessions() {}

  /** The currency is part of the key, since an amount is of one. Null: no order of a shopper who is known. */
  static String keyOf(Event event) {
    if (event.type() != EventType.ORDER_PLACED || !"online".equals(event.channel())) return null;
    String who = event.details().session() == null ? event.customer() : event.details().session();
    return who == null ? null : who + " " + event.currency();
  }

  static Sum of(Event event) {
    return new Sum(1, event.totalUnits(), event.net(), 0);
  }
}
