import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { ALERT_KINDS, type Alert, type EvidenceFigure, type Receipt } from '#domain/operators/alert.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { readLag, readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { type LiveStand, standOf } from '#server/serving/live-board/stand.ts'
import { inStores, storesSchema } from '#server/serving/scope.ts'

export const VERDICTS = ['fraud', 'false', 'unsure'] as const
/** What a person says of an alert: it was so (fraud, whatever its kind), it was nothing, it cannot be told. */
export type Verdict = (typeof VERDICTS)[number]

/** Epoch milliseconds, from 1970 to 2199: what dates and Postgres agree upon. */
export const instantSchema = z.int().min(0).max(7_258_118_399_999)

export const alertScopeSchema = z.strictObject({
  stores: storesSchema,
  /** Empty: all. */
  kinds: z.array(z.enum(ALERT_KINDS)).max(ALERT_KINDS.length).default([]),
  /** Name of a rule; null for all. */
  rule: z.string().min(1).max(100).nullish(),
  /** `waiting`: open, and nobody has judged it. */
  of: z.enum(['waiting', 'settled', 'over', 'all']).default('waiting'),
  /** Event time at which they began, the end exclusive. */
  from: instantSchema.nullish(),
  to: instantSchema.nullish(),
})
export type AlertScope = z.output<typeof alertScopeSchema>

/** What a rule found, as the path sees it (a verdict changes nothing of its state), and what people said of it. */
interface FoundAlert extends Omit<Alert, 'openedOffset' | 'amendedOffset' | 'figures' | 'receipts'> {
  raisedBy: 'stream' | 'batch'
  foundBy: string
  verdict: Verdict | null
  assignee: string | null
  note: string | null
  judgedBy: string | null
  judgedAt: Instant | null
}

interface AlertPage {
  alerts: FoundAlert[]
  /** Asks for the next page; null on the last. */
  nextCursor: string | null
  /** Within the scope, whatever it is `of`. */
  counts: { waiting: number; settled: number; over: number }
  stand: LiveStand
  basis: StreamBasis
  now: Instant
}

/** What waits for somebody by score, the rest the newest first; page by page, none twice while new ones come. */
export async function readAlerts(
  sql: Sql,
  { scope, cursor, limit }: { scope: AlertScope; cursor?: string | null | undefined; limit: number },
): Promise<AlertPage> {
  const after = cursor ? parseCursor(cursor) : null
  return readSnapshot(sql, async reading => {
    const byScore = scope.of === 'waiting'
    const [streamStand, rows, [counts]] = await Promise.all([
      readStreamStand(reading),
      reading<FoundAlert[]>`
        select ${alertColumns(reading)} from reports.alerts a
        where ${isOf(reading, scope.of)} ${inScope(reading, scope)}
          ${after === null ? reading`` : byScore ? reading`and (a.score, a.opened_at, a.alert_id) < (${after.score}::float8, ${isoOf(after.openedAt)}::timestamptz, ${after.alertId})` : reading`and (a.opened_at, a.alert_id) < (${isoOf(after.openedAt)}::timestamptz, ${after.alertId})`}
        order by ${byScore ? reading`a.score desc,` : reading``} a.opened_at desc, a.alert_id desc
        limit ${limit + 1}`,
      reading<AlertPage['counts'][]>`
        select count(*) filter (where ${isOf(reading, 'waiting')}) as waiting,
          count(*) filter (where ${isOf(reading, 'settled')}) as settled,
          count(*) filter (where ${isOf(reading, 'over')}) as over
        from reports.alerts a where true ${inScope(reading, scope)}`,
    ])
    const alerts = rows.slice(0, limit)
    const last = alerts.at(-1)
    const stand = standOf(streamStand, await readLag(reading, streamStand.positions))
    return {
      alerts,
      nextCursor: rows.length > limit && last ? writeCursor(last) : null,
      counts: counts ?? { waiting: 0, settled: 0, over: 0 },
      stand,
      basis: streamStand.basis,
      now: streamStand.now,
    }
  })
}

interface AlertDetail extends FoundAlert {
  figures: EvidenceFigure[]
  receipts: Receipt[]
  /** Everything people did with it, the newest first. */
  actions: PastDeed[]
}

interface PastDeed {
  kind: 'assign' | 'verdict' | 'reopen'
  assignee: string | null
  verdict: Verdict | null
  note: string | null
  by: string | null
  at: Instant
}

/** One alert with its evidence and its history; null where there is none of that name (any more). */
export async function readAlert(sql: Sql, alertId: string): Promise<AlertDetail | null> {
  return readSnapshot(sql, async reading => {
    const [[alert], actions] = await Promise.all([
      reading<Omit<AlertDetail, 'actions'>[]>`
        select ${alertColumns(reading)}, a.evidence -> 'figures' as figures, a.evidence -> 'receipts' as receipts
        from reports.alerts a where a.alert_id = ${alertId}`,
      reading<PastDeed[]>`
        select kind, assignee, verdict, note, acted_by as by, acted_at as at from live.alert_actions
        where alert_id = ${alertId} order by action desc limit ${MOST_ACTIONS}`,
    ])
    return alert ? { ...alert, actions: [...actions] } : null
  })
}

const MOST_ACTIONS = 200

function alertColumns(reading: Reading) {
  return reading`
    a.alert_id as "alertId", a.kind, a.rule, a.rule_version as "ruleVersion", a.store, a.register, a.subject,
    a.severity, a.score, a.state, a.opened_at as "openedAt", a.amended_at as "amendedAt",
    a.resolved_at as "resolvedAt", a.evidence ->> 'summary' as summary, a.raised_by as "raisedBy",
    a.found_by as "foundBy", a.verdict, a.assignee, a.note, a.judged_by as "judgedBy", a.judged_at as "judgedAt"`
}

function isOf(reading: Reading, of: AlertScope['of']) {
  switch (of) {
    case 'waiting':
      return reading`a.state = 'open' and a.verdict is null`
    case 'settled':
      return reading`a.verdict is not null`
    case 'over':
      return reading`a.state = 'resolved' and a.verdict is null`
    case 'all':
      return reading`true`
  }
}

function inScope(reading: Reading, { stores, kinds, rule, from, to }: AlertScope) {
  return reading`
    ${inStores(reading, { stores }, 'a.store')}
    ${kinds.length > 0 ? reading`and a.kind = any(${kinds})` : reading``}
    ${rule ? reading`and a.rule = ${rule}` : reading``}
    ${from ? reading`and a.opened_at >= ${isoOf(from)}::timestamptz` : reading``}
    ${to ? reading`and a.opened_at < ${isoOf(to)}::timestamptz` : reading``}`
}

export function isoOf(instant: Instant): string {
  return new Date(instant).toISOString()
}

const cursorSchema = z.tuple([z.number().min(0).max(100), instantSchema, z.string().max(1_000)])

function writeCursor({ score, openedAt, alertId }: FoundAlert): string {
  return JSON.stringify([score, openedAt, alertId])
}

function parseCursor(text: string): { score: number; openedAt: Instant; alertId: string } {
  try {
    const [score, openedAt, alertId] = cursorSchema.parse(JSON.parse(text))
    return { score, openedAt, alertId }
  } catch {
    throw new RefusedError('This is no place in the list of alerts: ask for its first page again.')
  }
}
