package tillstream.domain.operators;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.Serializable;
import java.util.List;

/**
 * What a rule says of what it has seen.
 *
 * @param score how sure it is that a person should look: 0 to 100
 * @param summary a sentence with the figures in it
 * @param receipts oldest first
 */
public record Judgement(double score, String summary, List<Figure> figures, List<Receipt> receipts) {

  /** A figure for people: what was measured, and what it was held against; null where there is nothing to compare. */
  public record Figure(String label, String value, @JsonInclude(JsonInclude.Include.NON_NULL) String limit)
      implements Serializable {
    public Figure(String label, String value) {
      this(label, value, null);
    }
  }
}
