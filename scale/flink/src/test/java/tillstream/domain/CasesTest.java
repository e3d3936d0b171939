package tillstream.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tillstream.domain.Folded.Cut;
import tillstream.domain.operators.Texts;

/**
 * What the TypeScript fold makes of a log, this one makes of it too: to the last 1/10,000, per window and revision, per state
 * and sentence, and the doubles to the last bit. Cases are written by `server/stream/testing/java-cases`: those of
 * `src/test/resources/cases`, and of the folder that the property `tillstream.cases` names, where a run of `npm test` has
 * drawn new ones.
 */
class CasesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<Cut> CUTS = List.of(new Cut(1, false), new Cut(23, true), new Cut(Integer.MAX_VALUE, false));

  @TestFactory
  Stream<DynamicContainer> committed() throws IOException {
    return Stream.of("worked-examples.json", "edges.json", "drawn.json")
        .map(
            name -> {
              try (InputStream file = CasesTest.class.getResourceAsStream("/cases/" + name)) {
                return dynamicContainer(name, casesOf(JSON.readTree(file)));
              } catch (IOException unreadable) {
                throw new java.io.UncheckedIOException(unreadable);
              }
            });
  }

  @TestFactory
  Stream<DynamicContainer> drawn() throws IOException {
    String folder = System.getProperty("tillstream.cases");
    if (folder == null) return Stream.empty();
    List<DynamicContainer> files = new ArrayList<>();
    try (Stream<Path> paths = Files.list(Path.of(folder))) {
      for (Path path : (Iterable<Path>) paths.sorted()::iterator)
        files.add(dynamicContainer(path.getFileName().toString(), casesOf(JSON.readTree(path.toFile()))));
    }
    assertFalse(files.isEmpty(), "no cases in " + folder);
    return files.stream();
  }

  private static Stream<DynamicContainer> casesOf(JsonNode cases) {
    List<DynamicContainer> all = new ArrayList<>();
    for (JsonNode one : cases)
      all.add(dynamicContainer(one.get("title").textValue(), CUTS.stream().map(cut -> testOf(one, cut))));
    return all.stream();
  }

  private static DynamicTest testOf(JsonNode one, Cut cut) {
    String title =
        (cut.size() == Integer.MAX_VALUE ? "in one batch" : "in batches of " + cut.size()) + (cut.restarts() ? ", begun anew after each" : "");
    return dynamicTest(
        title,
        () -> {
          Reference reference = new ReferenceData(JSON.treeToValue(one.get("reference"), ReferenceData.Rows.class));
          Folded folded = new Folded(one.get("records"), reference, cut);
          JsonNode actual = JSON.readTree(Texts.json(folded.asExpected(cut.size() == 1)));
          List<String> differences = new ArrayList<>();
          for (Iterator<String> names = actual.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            compare(name, one.get("expected").get(name), actual.get(name), differences);
          }
          assertEquals(List.of(), differences.subList(0, Math.min(12, differences.size())));
          if (one.hasNonNull("stated")) assertStated(one.get("stated"), folded);
        });
  }

  /** Where two documents differ: paths, with what was expected and what is. */
  private static void compare(String path, JsonNode expected, JsonNode actual, List<String> differences) {
    if (expected != null && expected.isObject() && actual.isObject()) {
      Set<String> names = new TreeSet<>();
      expected.fieldNames().forEachRemaining(names::add);
      actual.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        JsonNode own = actual.get(name);
        if (own == null) differences.add(path + "." + name + ": expected " + expected.get(name) + ", is absent");
        else compare(path + "." + name, expected.get(name), own, differences);
      }
    } else if (expected != null && expected.isArray() && actual.isArray()) {
      if (expected.size() != actual.size()) differences.add(path + ": expected " + expected.size() + " rows, are " + actual.size());
      for (int at = 0; at < Math.min(expected.size(), actual.size()); at += 1)
        compare(path + "[" + nameOf(expected.get(at), at) + "]", expected.get(at), actual.get(at), differences);
    } else if (!actual.equals(expected)) differences.add(path + ": expected " + expected + ", is " + actual);
  }

  private static String nameOf(JsonNode row, int at) {
    return row.isObject() && row.size() > 0 ? row.elements().next().asText() : Integer.toString(at);
  }

  /** Figures of a worked example as people wrote them down. */
  private static void assertStated(JsonNode stated, Folded folded) {
    for (JsonNode window : stated.path("windows")) {
      long start = Instants.parse(window.get("windowStart").textValue());
      long orders = 0;
      long net = 0;
      for (Map.Entry<String, long[]> one : folded.sums().entrySet()) {
        if (!one.getKey().startsWith(window.get("store").textValue() + "/" + start + "/")) continue;
        orders += one.getValue()[0];
        net += one.getValue()[2] - one.getValue()[3] - one.getValue()[4];
      }
      assertEquals(window.get("orders").longValue(), orders);
      assertEquals(window.get("net").textValue(), Texts.amount(net));
    }
    for (JsonNode day : stated.path("daily")) {
      long[] sums = new long[7];
      folded
          .sums()
          .forEach(
              (place, figures) -> {
                boolean isOfDay =
                    place.startsWith(day.get("store").textValue() + "/")
                        && folded.window(place).businessDay.equals(day.get("businessDay").textValue());
                for (int at = 0; isOfDay && at < sums.length; at += 1) sums[at] += figures[at];
              });
      assertEquals(day.get("orders").longValue(), sums[0]);
      assertEquals(day.get("units").longValue(), sums[1]);
      assertEquals(day.get("gross").textValue(), Texts.amount(sums[2]));
      assertEquals(day.get("discounts").textValue(), Texts.amount(sums[3]));
      assertEquals(day.get("returns").textValue(), Texts.amount(sums[4]));
      assertEquals(day.get("returnDocuments").longValue(), sums[5]);
      assertEquals(day.get("unitsReturned").longValue(), sums[6]);
    }
    for (JsonNode stock : stated.path("stock")) {
      Map<String, Object> state = folded.stock(stock.get("store").textValue(), stock.get("sku").textValue());
      assertNotNull(state, stock.toString());
      assertEquals(stock.get("onHand").isNull() ? null : stock.get("onHand").longValue(), state.get("onHand"));
      if (stock.has("onOrder")) assertEquals(stock.get("onOrder").longValue(), state.get("onOrder"));
    }
  }
}
