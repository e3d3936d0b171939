package tillstream.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.LogRecord.SetAside;
import tillstream.domain.LogRecord.Tick;
import tillstream.domain.operators.Texts;

class RecordDecoderTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> TEXTS =
      List.of("source", "id", "store", "register", "channel", "currency", "customer", "businessDay", "orderId");

  /** The records that the TypeScript reader is held to as well (`server/log/kafka/record.test.ts`). */
  @TestFactory
  Stream<DynamicTest> readsWhatTheTopicHolds() throws IOException {
    JsonNode records = JSON.readTree(Path.of("../../server/log/kafka/testing/records.json").toFile());
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode one : records) {
      JsonNode expected = one.get("record");
      tests.add(
          DynamicTest.dynamicTest(
              expected.get("type").textValue() + " at " + one.get("offset"),
              () -> {
                LogRecord read = decode(one.get("value").textValue(), one.get("offset").longValue(), one.get("timestamp").longValue());
                assertEquals(expected.get("appendedAt").longValue(), read.appendedAt());
                if (expected.get("type").textValue().equals("tick")) assertInstanceOf(Tick.class, read);
                else assertEquals(JSON.readTree(Texts.json(wanted(expected))), JSON.readTree(Texts.json(shown((Event) read))));
              }));
    }
    return tests.stream();
  }

  @Test
  void whatNobodyCanCountIsSetAsideAtItsPlace() {
    for (String value : List.of("", "no json", "7", "[]", "{\"type\":\"order.placed\"", "{\"type\":\"order.dreamt\"}")) {
      SetAside aside = assertInstanceOf(SetAside.class, decode(value, 8, 5), value);
      assertEquals(8, aside.offset());
      assertEquals(5, aside.appendedAt());
    }
  }

  /** In Postgres it is a column of its own: a rule sees the same of it on either log. */
  @Test
  void aTenderAloneIsATender() {
    String order =
        "{\"type\":\"order.placed\",\"class\":\"live\",\"source\":\"t\",\"id\":\"1\",\"store\":\"s\",\"channel\":\"pos\",\"currency\":\"EUR\","
            + "\"eventTime\":1,\"businessDay\":\"2026-11-20\",\"totalUnits\":1,\"totalGross\":1,\"totalDiscounts\":0,\"totalReturns\":0,"
            + "\"lines\":{\"skus\":[\"tea\"],\"units\":[1],\"stocked\":null},\"details\":{\"tenders\":[{\"type\":\"cash\",\"amount\":%s}]}}";
    for (String amount : List.of("null", "12")) {
      assertTrue(((Event) decode(order.formatted(amount), 1, 1)).details().isPaidBy("cash"), amount);
      assertFalse(((Event) decode(order.formatted(amount), 1, 1)).details().isPaidBy("card"), amount);
    }
  }

  private static LogRecord decode(String value, long offset, long timestamp) {
    return new RecordDecoder().decode(value.getBytes(StandardCharsets.UTF_8), offset, timestamp);
  }

  private static Map<String, Object> wanted(JsonNode record) {
    Map<String, Object> row = Folded.row("type", record.get("type"), "isLive", record.get("class").textValue().equals("live"));
    for (String name : TEXTS) row.put(name, record.get(name));
    for (String name : List.of("eventTime", "totalUnits", "totalGross", "totalDiscounts", "totalReturns")) row.put(name, record.get(name));
    row.put("lines", record.get("lines"));
    JsonNode details = record.get("details");
    for (String name : List.of("leg", "purchaseOrderId", "supplier", "expectedAt", "cashier", "cardToken", "session", "originalOrderId"))
      row.put(name, details.get(name));
    List<String> tenders = new ArrayList<>();
    for (JsonNode tender : details.path("tenders")) tenders.add(tender.get("type").textValue());
    row.put("tenders", tenders);
    return row;
  }

  private static Map<String, Object> shown(Event event) {
    LogRecord.Details details = event.details();
    LogRecord.Lines lines = event.lines();
    return Folded.row(
        "type", event.type().wire, "isLive", event.isLive(), "source", event.source(), "id", event.id(), "store", event.store(),
        "register", event.register(), "channel", event.channel(), "currency", event.currency(), "customer", event.customer(),
        "businessDay", event.businessDay(), "orderId", event.orderId(), "eventTime", event.eventTime(),
        "totalUnits", event.totalUnits(), "totalGross", event.totalGross(), "totalDiscounts", event.totalDiscounts(),
        "totalReturns", event.totalReturns(),
        "lines", lines == null ? null : Folded.row("skus", lines.skus, "units", lines.units, "stocked", lines.stocked),
        "leg", details.leg(), "purchaseOrderId", details.purchaseOrderId(), "supplier", details.supplier(),
        "expectedAt", details.expectedAt(), "cashier", details.cashier(), "cardToken", details.cardToken(),
        "session", details.session(), "originalOrderId", details.originalOrderId(),
        "tenders", details.tenders() == null ? List.of() : List.of(details.tenders()));
  }
}
