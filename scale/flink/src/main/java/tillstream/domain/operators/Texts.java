package tillstream.domain.operators;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;

/** Numbers and money as sentences and documents have them: what JavaScript writes, so that both engines say the same. */
public final class Texts {
  private static final ObjectMapper JSON = new ObjectMapper().registerModule(new SimpleModule().addSerializer(new Doubles(Double.class)).addSerializer(new Doubles(double.class)));
  private static final Map<String, Integer> DECIMALS = new ConcurrentHashMap<>();
  private static final Properties KNOWN_DECIMALS = new Properties();

  static {
    try (InputStream resource = Texts.class.getResourceAsStream("/tillstream/currency-decimals.properties")) {
      KNOWN_DECIMALS.load(resource);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private Texts() {}

  /** A document of a table (`jsonb`). */
  public static String json(Object document) {
    try {
      return JSON.writeValueAsString(document);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** The shortest decimal that reads as the same number, 3 as "3": as `String(number)`. */
  public static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) return Long.toString((long) value);
    if (Double.isNaN(value) || Double.isInfinite(value)) return Double.toString(value);
    BigDecimal exact = new BigDecimal(value);
    for (int digits = 15; digits < 17; digits += 1) {
      BigDecimal rounded = exact.round(new MathContext(digits));
      if (rounded.doubleValue() == value) return rounded.stripTrailingZeros().toPlainString();
    }
    return exact.round(new MathContext(17)).stripTrailingZeros().toPlainString();
  }

  /** As `value.toFixed(places)`: of the number as it is held, halves away from zero. */
  public static String fixed(double value, int places) {
    if (Double.isNaN(value) || Double.isInfinite(value)) return Double.toString(value);
    return new BigDecimal(value).setScale(places, RoundingMode.HALF_UP).toPlainString();
  }

  /** An amount in 1/10,000 as a decimal with four decimals. */
  public static String amount(long amount) {
    long magnitude = Math.abs(amount);
    String fraction = Long.toString(10_000 + magnitude % 10_000).substring(1);
    return (amount < 0 ? "-" : "") + magnitude / 10_000 + "." + fraction;
  }

  /** An amount as people write it in a sentence, rounded to what is paid: '24.64 USD', '1980 JPY'. */
  public static String money(long amount, String currency) {
    int digits = Math.min(4, decimalsOf(currency));
    long step = digits == 0 ? 10_000 : digits == 1 ? 1_000 : digits == 2 ? 100 : digits == 3 ? 10 : 1;
    long rounded = Long.signum(amount) * Math.round((double) Math.abs(amount) / step) * step;
    String text = amount(rounded);
    String shown = digits == 0 ? text.substring(0, text.length() - 5) : text.substring(0, text.length() - 4 + digits);
    return currency.isEmpty() ? shown : shown + " " + currency;
  }

  /** Decimals of a currency by the Unicode CLDR, which Java's own list is not: 2 of what is not in the resource. */
  private static int decimalsOf(String currency) {
    return DECIMALS.computeIfAbsent(currency, code -> Integer.parseInt(KNOWN_DECIMALS.getProperty(code, "2")));
  }

  private static final class Doubles extends StdSerializer<Double> {
    private static final long serialVersionUID = 1;

    Doubles(Class<Double> type) {
      super(type);
    }

    @Override
    public void serialize(Double value, JsonGenerator json, SerializerProvider provider) throws IOException {
      if (value.isNaN() || value.isInfinite()) json.writeNull();
      else json.writeNumber(number(value));
    }
  }
}
