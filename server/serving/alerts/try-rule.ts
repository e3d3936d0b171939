import type { Sql } from '#db/client.ts'
import { loadOperatorReference } from '#db/operator-reference.ts'
import { whyIndigestible } from '#domain/digestible.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'
import type { Alert } from '#domain/operators/alert.ts'
import { OperatorFold } from '#domain/operators/fold.ts'
import { MemoryStates } from '#domain/operators/memory-states.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import type { AnyRule } from '#domain/operators/rule.ts'
import { PartitionWatermark } from '#domain/watermark.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { isoOf, type Verdict } from './alerts.ts'
import { checkParameters, ruleNamed } from './rules.ts'

// A rule tried on the past. The log is read as the stream reads it, a day before the range first, so that what rules
// keep of tills and stores is there; the rule judges in memory, and nothing is written.

interface TriedRule {
  /** Alerts it would have raised in the range. */
  raised: number
  /** Of them, those that people have judged when the stream raised them. */
  confirmed: number
  falseAlarms: number
  /** Alerts of the rule in the range that people confirmed, and that it would not raise. */
  missed: number
  /** What the rule did raise in the range. */
  raisedThen: number
  /** Entries of the log read. */
  read: number
  /** The end of what was looked at: before the range's own where a bound was met. */
  through: Instant
  isCut: boolean
  /** The newest of them. */
  examples: { store: string; subject: string; score: number; openedAt: Instant; summary: string }[]
}

interface TryRequest {
  rule: string
  parameters: Readonly<Record<string, number>>
  /** When what is looked at came into the log; the end exclusive. */
  from: Instant
  to: Instant
  /** Empty: all. */
  stores: readonly string[]
}

/** Bounds on one try: a process that serves pages has other things to do, and a page waits for an answer 20 s. */
interface TryBounds {
  entries: number
  ms: number
}
const BOUNDS: TryBounds = { entries: 2_000_000, ms: 12_000 }
const BATCH = 2_000
const WARM_UP_MS = DAY_MS
const EXAMPLES = 20

let isUnderWay = false

/**
 * Runs a rule with other parameters over the log.
 * @throws RefusedError for parameters out of bounds, and while another try is under way here
 */
export async function tryRule(sql: Sql, request: TryRequest, bounds = BOUNDS): Promise<TriedRule> {
  const rule = ruleNamed(request.rule)
  checkParameters(rule, request.parameters)
  if (isUnderWay)
    throw new RefusedError('Another rule is being tried at this moment: try again in some seconds.')
  isUnderWay = true
  try {
    return await runOverLog(sql, { rule, request, bounds })
  } finally {
    isUnderWay = false
  }
}

async function runOverLog(
  sql: Sql,
  { rule, request, bounds }: { rule: AnyRule; request: TryRequest; bounds: TryBounds },
): Promise<TriedRule> {
  const { from, to, stores, parameters } = request
  const [known, partitions] = await Promise.all([
    loadOperatorReference(sql),
    sql<{ partition: number }[]>`
      select distinct partition from ref.stores
      where ${stores.length === 0} or store = any(${[...stores]}) order by partition`,
  ])
  const reference = asTried(known, rule, parameters)
  const chosen = new Set(stores)
  const runs = await Promise.all(
    partitions.map(({ partition }) => openRun(sql, { rule, reference, partition, from, to, chosen })),
  )
  const read = await readWithin(runs, bounds)
  const through = runs.reduce((least, run) => Math.min(least, run.isAtEnd ? to : run.through), to)
  // What lies past the end that all have reached would be held against nothing.
  const within = ({ openedAt }: { openedAt: Instant }) => openedAt >= from && openedAt < through
  const alerts = runs.flatMap(run => [...run.alerts.values()]).filter(within)
  const then = await readRaised(sql, { rule: rule.name, from, to: through, stores })
  const matches = matchAlerts(alerts, then)
  return {
    raised: alerts.length,
    confirmed: alerts.filter(alert => matches.get(alert)?.verdict === 'fraud').length,
    falseAlarms: alerts.filter(alert => matches.get(alert)?.verdict === 'false').length,
    missed: then.filter(one => one.verdict === 'fraud' && ![...matches.values()].includes(one)).length,
    raisedThen: then.length,
    read,
    through,
    isCut: through < to,
    examples: alerts
      .toSorted((one, other) => other.openedAt - one.openedAt)
      .slice(0, EXAMPLES)
      .map(({ store, subject, score, openedAt, summary }) => ({
        store,
        subject,
        score,
        openedAt,
        summary,
      })),
  }
}

/** One batch of each in turns: where a bound is met, all have come about as far. @returns entries read */
async function readWithin(runs: readonly Run[], bounds: TryBounds): Promise<number> {
  const deadline = performance.now() + bounds.ms
  let read = 0
  for (let open = runs; open.length > 0; open = open.filter(run => !run.isAtEnd)) {
    for (const run of open) {
      if (read >= bounds.entries || performance.now() >= deadline) return read
      read += await run.next()
    }
  }
  return read
}

/** The world as it was, but for the rule that is tried: that holds with these parameters from the beginning. */
function asTried(
  known: OperatorReference,
  { name }: AnyRule,
  parameters: Readonly<Record<string, number>>,
): OperatorReference {
  const version = { version: 1, validFrom: 0, isOn: true, parameters }
  return { ...known, ruleAt: (rule, at) => (rule === name ? version : known.ruleAt(rule, at)) }
}

/** A rule over one partition, a batch at a time. */
interface Run {
  readonly alerts: ReadonlyMap<string, Alert>
  readonly isAtEnd: boolean
  /** Append time it has come to. */
  readonly through: Instant
  /** @returns entries read */
  next(): Promise<number>
}

async function openRun(
  sql: Sql,
  {
    rule,
    reference,
    partition,
    from,
    to,
    chosen,
  }: {
    rule: AnyRule
    reference: OperatorReference
    partition: number
    from: Instant
    to: Instant
    chosen: ReadonlySet<string>
  },
): Promise<Run> {
  const log = createPostgresLog(sql)
  let position = await log.seekToAppendTime(partition, from - WARM_UP_MS)
  const states = new MemoryStates()
  const watermark = new PartitionWatermark()
  const alerts = new Map<string, Alert>()
  let isAtEnd = false
  return {
    alerts,
    get isAtEnd() {
      return isAtEnd
    },
    get through() {
      return position.appendedAt
    },
    async next() {
      const records = await log.read({ partition, after: position, limit: BATCH })
      const fold = new OperatorFold(
        { rules: [rule], metrics: [], sessions: [] },
        { partition, states, reference },
      )
      for (const record of records) {
        if (record.appendedAt >= to) {
          isAtEnd = true
          break
        }
        position = { offset: record.offset, appendedAt: record.appendedAt }
        if (record.type === 'tick') fold.read(record, watermark)
        else if (whyIndigestible(record) === null)
          fold.read(record, watermark, { isJudged: chosen.size === 0 || chosen.has(record.store) })
      }
      if (records.length < BATCH) isAtEnd = true
      states.take(fold.touched, watermark.current)
      for (const [id, { alert }] of fold.alerts) alerts.set(id, alert)
      return records.length
    },
  }
}

interface RaisedThen {
  store: string
  subject: string
  openedAt: Instant
  verdict: Verdict | null
  receipts: { source: string; id: string }[]
}

/** Far more than people have judged of one rule. */
const MOST_RAISED = 10_000

async function readRaised(
  sql: Sql,
  { rule, from, to, stores }: { rule: string; from: Instant; to: Instant; stores: readonly string[] },
): Promise<RaisedThen[]> {
  return sql<RaisedThen[]>`
    select store, subject, opened_at as "openedAt", verdict, evidence -> 'receipts' as receipts
    from reports.alerts
    where rule = ${rule} and opened_at >= ${isoOf(from)}::timestamptz and opened_at < ${isoOf(to)}::timestamptz
      and (${stores.length === 0} or store = any(${[...stores]}))
    order by opened_at desc limit ${MOST_RAISED}`
}

/** Episodes that begin within this of each other, and have no receipts to tell them by, are taken for one. */
const SAME_EPISODE_MS = 3_600_000

/** With other parameters an episode begins with another event, hence under another name: it is known by its receipts. */
function matchAlerts(tried: readonly Alert[], then: readonly RaisedThen[]): Map<Alert, RaisedThen> {
  const bySubject = Map.groupBy(then, ({ store, subject }) => `${store}\u001f${subject}`)
  const matches = new Map<Alert, RaisedThen>()
  for (const alert of tried) {
    const receipts = new Set(alert.receipts.map(receiptKey))
    const match = bySubject
      .get(`${alert.store}\u001f${alert.subject}`)
      ?.find(one =>
        one.receipts.length > 0 && receipts.size > 0
          ? one.receipts.some(receipt => receipts.has(receiptKey(receipt)))
          : Math.abs(one.openedAt - alert.openedAt) <= SAME_EPISODE_MS,
      )
    if (match) matches.set(alert, match)
  }
  return matches
}

function receiptKey({ source, id }: { source: string; id: string }): string {
  return `${source}\u001f${id}`
}
