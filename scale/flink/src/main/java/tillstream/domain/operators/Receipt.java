package tillstream.domain.operators;

import java.io.Serializable;
import tillstream.domain.LogRecord.Event;

/** A document that led to an alert. @param net decimal text, signed: a refund is negative */
public record Receipt(
    String source, String id, String type, String orderId, String register, long eventTime, String net, String currency)
    implements Serializable {

  static Receipt of(Event event) {
    return new Receipt(
        event.source(), event.id(), event.type().wire, event.orderId(), event.register(), event.eventTime(),
        Texts.amount(event.net()), event.currency());
  }
}
