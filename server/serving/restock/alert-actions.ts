import type { Sql } from '#db/client.ts'
import { drizzle } from '#db/drizzle.ts'
import { alertActions } from '#db/schema.ts'
import { loadStores } from '#db/stores.ts'
import { businessDayOf, businessDaySpan, type Calendar } from '#domain/business-day.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'

/** What somebody said of an alert last. A snooze past its `until` is none. */
export interface AlertHandling {
  kind: 'acknowledged' | 'snoozed' | 'dismissed'
  /** Of a snooze. */
  until: Instant | null
  /** The name they gave, if any. */
  by: string | null
  at: Instant
  /** Of what was dismissed: why. */
  reason?: string
}

/** Payload of a change `alert_action`: alerts handled in one go; null handling: reopened. */
interface AlertActionChange {
  alertIds: string[]
  handling: AlertHandling | null
}

interface AlertAction {
  alertIds: readonly string[]
  action:
    | { kind: 'acknowledge' }
    | { kind: 'snooze'; until: 'hour' | 'tomorrow' }
    /** Nobody is to hear of it again before it is over. */
    | { kind: 'dismiss'; reason: string }
    | { kind: 'reopen' }
  /** Who acts, as they call themselves; null: they did not say. */
  by: string | null
}

/** Nothing was done: the message says to whom and why. */
export class AlertActionError extends Error {
  override readonly name = 'AlertActionError'
}

interface OpenAlert {
  alertId: string
  store: string
}

/**
 * Writes what somebody said of alerts and tells every open page. All of them or none. Acting twice does no
 * harm: the newest action counts, all are kept.
 * @throws AlertActionError when one of the alerts is not (or no longer) open
 */
export async function actOnAlerts(
  sql: Sql,
  { alertIds, action, by }: AlertAction,
): Promise<AlertActionChange[]> {
  const ids = [...new Set(alertIds)]
  return sql.begin(async transaction => {
    const alerts = await transaction<OpenAlert[]>`
      select e.alert_id as "alertId", e.store
      from (
        select e.alert_id, e.store
        from stream.active_generation a
        join stream.episodes e on e.generation = a.generation and e.alert_id = any(${ids}) and e.state = 'open'
        union all
        select alert_id, store from live.planned_shortages where alert_id = any(${ids})
      ) e
      join ref.stores s on s.store = e.store`
    const stores = new Map((await loadStores(transaction)).map(store => [store.id, store]))
    const missing = ids.filter(id => !alerts.some(({ alertId }) => alertId === id))
    if (missing.length > 0) {
      throw new AlertActionError(
        `No open alert ${missing.map(id => JSON.stringify(id)).join(', ')}: it may have been resolved meanwhile. Nothing was changed; look at the list again.`,
      )
    }
    const [clock] = await transaction<{ now: Instant }[]>`select clock_timestamp() as now`
    const now = clock?.now ?? Date.now()
    const until = alerts.map(({ store }) =>
      action.kind === 'snooze' ? snoozeEnd(action.until, now, stores.get(store)?.versions ?? []) : null,
    )
    await drizzle(transaction)
      .insert(alertActions)
      .values(
        alerts.map(({ alertId }, index) => ({
          alertId,
          kind: action.kind,
          snoozedUntil: until[index] ?? null,
          note: action.kind === 'dismiss' ? action.reason : null,
          actedBy: by,
          actedAt: now,
        })),
      )
    const changes = changesOf({ alerts, until, action, by, at: now })
    // Last, as its lock is held until the commit.
    for (const change of changes) {
      await transaction`select live.append_ops('alert_action', ${JSON.stringify(change)}::text::jsonb)`
    }
    return changes
  })
}

/** An hour, or the start of the store's next business day. */
function snoozeEnd(until: 'hour' | 'tomorrow', now: Instant, calendar: Calendar): Instant {
  return until === 'hour' ? now + HOUR_MS : businessDaySpan(businessDayOf(now, calendar), calendar).end
}

/** One change for the alerts that are handled alike: snoozed until tomorrow, they wake by their stores' clocks. */
function changesOf({
  alerts,
  until,
  action,
  by,
  at,
}: {
  alerts: readonly OpenAlert[]
  until: readonly (Instant | null)[]
  action: AlertAction['action']
  by: string | null
  at: Instant
}): AlertActionChange[] {
  const alike = new Map<Instant | null, string[]>()
  alerts.forEach(({ alertId }, index) => {
    const end = until[index] ?? null
    alike.set(end, [...(alike.get(end) ?? []), alertId])
  })
  return [...alike].map(([end, alertIds]) => ({ alertIds, handling: handling(end) }))

  function handling(end: Instant | null): AlertHandling | null {
    switch (action.kind) {
      case 'acknowledge':
        return { kind: 'acknowledged', until: null, by, at }
      case 'dismiss':
        return { kind: 'dismissed', until: null, by, at, reason: action.reason }
      case 'snooze':
        return { kind: 'snoozed', until: end, by, at }
      case 'reopen':
        return null
    }
  }
}

/** The newest action on an alert as it is stored. */
export interface ActionRow {
  actionKind: 'acknowledge' | 'snooze' | 'dismiss' | 'reopen' | null
  snoozedUntil: Instant | null
  actedBy: string | null
  actedAt: Instant | null
  /** Of a dismissal. */
  actionNote: string | null
}

/** What people said last of an alert; null: nobody did anything, or it was reopened. */
export function handlingOf({
  actionKind,
  snoozedUntil,
  actedBy,
  actedAt,
  actionNote,
}: ActionRow): AlertHandling | null {
  if (actedAt === null) return null
  switch (actionKind) {
    case 'acknowledge':
      return { kind: 'acknowledged', until: null, by: actedBy, at: actedAt }
    case 'snooze':
      return { kind: 'snoozed', until: snoozedUntil, by: actedBy, at: actedAt }
    case 'dismiss':
      return { kind: 'dismissed', until: null, by: actedBy, at: actedAt, reason: actionNote ?? '' }
    case 'reopen':
    case null:
      return null
  }
}
