import type { Sql } from '#db/client.ts'
import { drizzle } from '#db/drizzle.ts'
import { alertActions } from '#db/schema.ts'
import type { Reading } from '#db/transaction.ts'
import type { Detection } from '#domain/operators/alert.ts'
import { RefusedError } from '#server/serving/failures.ts'
import type { Verdict } from './alerts.ts'

/** What one does with what a rule found: says whose it is, judges it, or takes the verdict back. */
type AlertDeed =
  | { kind: 'assign'; assignee: string | null }
  | { kind: 'verdict'; verdict: Verdict; note: string | null }
  | { kind: 'reopen' }

/** Payload of a change `alert_judged`: alerts that somebody judged, or (null) opened again. */
interface AlertJudged {
  alertIds: string[]
  verdict: Verdict | null
}

/**
 * Writes what somebody did with alerts and tells every open page; all of them or none. Kept beside the paths' tables: a
 * replay gives the same alerts under the same names, and finds this there.
 * @param request.by who acts, as they call themselves; null: they did not say
 * @returns what the pages are told of a verdict
 * @throws RefusedError when one of them is not there
 */
export async function actOnFoundAlerts(
  sql: Sql,
  { alertIds, deed, by }: { alertIds: readonly string[]; deed: AlertDeed; by: string | null },
): Promise<AlertJudged | null> {
  const ids = [...new Set(alertIds)]
  return sql.begin(async transaction => {
    const alerts = await readDetections(transaction, ids)
    const missing = ids.filter(id => !alerts.some(({ alertId }) => alertId === id))
    if (missing.length > 0) {
      throw new RefusedError(
        `No alert ${missing.map(id => JSON.stringify(id)).join(', ')}. Nothing was changed; look at the list again.`,
      )
    }
    await drizzle(transaction)
      .insert(alertActions)
      .values(
        ids.map(alertId => ({
          alertId,
          kind: deed.kind,
          actedBy: by,
          ...(deed.kind === 'assign' ? { assignee: deed.assignee } : {}),
          ...(deed.kind === 'verdict' ? { verdict: deed.verdict, note: deed.note } : {}),
        })),
      )
    // Last, as its lock is held until the commit. Whoever came after the verdict does not know what is opened again.
    const open = alerts.filter(({ state }) => state === 'open')
    const tell = (kind: string, payload: unknown) =>
      transaction`select live.append_ops(${kind}, ${JSON.stringify(payload)}::text::jsonb)`
    if (deed.kind === 'reopen' && open.length > 0) await tell('detections', open)
    if (deed.kind === 'assign') {
      await tell('alert_assigned', { alertIds: ids, assignee: deed.assignee })
      return null
    }
    const judged: AlertJudged = { alertIds: ids, verdict: deed.kind === 'verdict' ? deed.verdict : null }
    await tell('alert_judged', judged)
    return judged
  })
}

function readDetections(reading: Reading, alertIds: readonly string[]): Promise<Detection[]> {
  return reading<Detection[]>`
    select alert_id as "alertId", kind, rule, store, subject, severity, score, state, opened_at as "openedAt",
      evidence ->> 'summary' as summary
    from reports.alerts where alert_id = any(${[...alertIds]})`
}
