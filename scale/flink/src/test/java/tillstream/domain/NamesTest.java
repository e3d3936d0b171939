package tillstream.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class NamesTest {
  private final Names names = new Names();

  @Test
  void aNameThatComesAgainIsTheSameText() {
    assertSame(of("store-001"), of("store-001"));
  }

  /** "Aa" and "BB" have one hash, and so one place. */
  @Test
  void namesOfOnePlaceAreToldApart() {
    for (int round = 0; round < 2; round += 1) {
      assertEquals("Aa", of("Aa"));
      assertEquals("BB", of("BB"));
      assertEquals("AaAa", of("AaAa"));
      assertEquals("BBBB", of("BBBB"));
    }
  }

  @Test
  void anyTextIsItself() {
    for (String text : new String[] {"", "Größe 44 – 'süß'", "🧥", "x".repeat(200)}) assertEquals(text, of(text));
  }

  /** As a parser has it: somewhere in a buffer. */
  private String of(String text) {
    char[] buffer = ("..." + text + "...").toCharArray();
    return names.of(buffer, 3, text.length());
  }
}
