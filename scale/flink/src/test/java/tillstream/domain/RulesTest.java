package tillstream.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tillstream.domain.operators.Rule;
import tillstream.domain.operators.Texts;
import tillstream.domain.rules.Rules;

class RulesTest {
  @Test
  void rulesAreThoseOfTheStreamAndComeWithTheSameNumbers() throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<Object> own = new ArrayList<>();
    for (Rule<?, ?, ?> rule : Rules.STREAM)
      own.add(Folded.row("name", rule.name, "kind", rule.kind, "isTimed", rule.isTimed, "parameters", rule.parameters));
    JsonNode expected = json.readTree(RulesTest.class.getResourceAsStream("/cases/rules.json"));
    assertEquals(expected, json.readTree(Texts.json(own)));
  }
}
