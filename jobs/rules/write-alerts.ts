import type { Transaction } from '#db/transaction.ts'
import type { BatchAlert } from '#domain/batch-rules/batch-rule.ts'

/**
 * Writes alerts as they stand; one that stands so already is left alone, and nobody hears of it.
 * @returns how many began or changed
 */
export async function writeAlerts(transaction: Transaction, alerts: readonly BatchAlert[]): Promise<number> {
  if (alerts.length === 0) return 0
  const rows = alerts.map(({ summary, figures, receipts, ...alert }) => ({
    ...alert,
    evidence: { summary, figures, receipts },
  }))
  const { count } = await transaction`
    insert into batch.alerts as known (alert_id, kind, rule, rule_version, store, register, subject, severity, score,
      state, opened_at, amended_at, resolved_at, evidence, found_by)
    select a."alertId", a.kind, a.rule, a."ruleVersion", a.store, a.register, a.subject, a.severity, a.score, a.state,
      to_timestamp(a."openedAt" / 1000.0), to_timestamp(a."amendedAt" / 1000.0), to_timestamp(a."resolvedAt" / 1000.0),
      a.evidence, 'batch_rules'
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as a(
      "alertId" text, kind text, rule text, "ruleVersion" integer, store text, register text, subject text,
      severity text, score double precision, state text, "openedAt" bigint, "amendedAt" bigint, "resolvedAt" bigint,
      evidence jsonb)
    on conflict (alert_id) do update set
      severity = excluded.severity, score = excluded.score, state = excluded.state,
      amended_at = excluded.amended_at, resolved_at = excluded.resolved_at, evidence = excluded.evidence,
      processed_at = clock_timestamp()
    where (known.severity, known.score, known.state, known.amended_at, known.resolved_at, known.evidence)
      is distinct from (excluded.severity, excluded.score, excluded.state, excluded.amended_at, excluded.resolved_at,
        excluded.evidence)`
  return count
}
