package tillstream.domain;

import java.util.List;
import java.util.Map;

/** An episode of a rule (`domain/operators/alert.ts`); replaced, never changed. */
public record Alert(
        String alertId,
        String kind,
        String rule,
        int ruleVersion,
        String store,
        String register,
        String subject,
        String severity,
        String state,
        long openedAt,
        long openedOffset,
        long amendedAt,
        long amendedOffset,
        Long resolvedAt,
        double score,
        String summary,
        /* { label, value, limit? } each */
        List<Map<String, Object>> figures,
        /* { source, id, type, orderId, register, eventTime, net, currency } each, oldest first */
        List<Map<String, Object>> receipts) {}
