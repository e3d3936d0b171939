package tillstream.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.OffsetDateTime;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InstantsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-11-20T10:15:30.123+01:00", "2026-12-01T08:30:15.1239999+05:45", "1900-01-01T00:00:00-18:00", "2024-02-29T23:59:59.5Z",
        "2199-12-31T23:59:59.12-00:30"
      })
  void anInstantIsReadWithItsOffset(String text) {
    assertEquals(OffsetDateTime.parse(text).toInstant().toEpochMilli(), Instants.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "2026-11-20", "2026-11-20T10:15:30", "2026-02-30T10:15:30Z", "2026-11-20T24:00:00Z", "2026-11-20T10:60:00Z",
        "2026-11-20T10:15:30.Z", "2026-11-20T10:15:30.1234567890Z", "2026-11-20T10:15:30+19:00", "2026-11-20T10:15:30+0100",
        "1899-12-31T10:15:30Z", "2026-11-20T10:15:30Zx", "2026-11-20t10:15:30Z", "2026-1 -20T10:15:30Z"
      })
  void anythingElseIsNone(String text) {
    assertEquals(Instants.NONE, Instants.parse(text));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1_764_547_200_123L, -1})
  void whatIsWrittenIsReadAgain(long instant) {
    assertEquals(instant, Instants.parse(Instants.format(instant)));
  }
}
