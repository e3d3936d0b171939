import type { Sql } from '#db/client.ts'
import { loadOperatorReference } from '#db/operator-reference.ts'
import { loadKeyDocuments } from '#db/rule-documents.ts'
import { loadRuleKnowledge } from '#db/rule-knowledge.ts'
import { type AnyKeyedRule, alertOf, type BatchAlert } from '#domain/batch-rules/batch-rule.ts'
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

// A rule tried on the past. Of the stream's the log is read as the stream reads it, a day before the range first, so
// that what rules keep of tills and stores is there; of the batch path's the documents of orders and cards are. The rule
// judges in memory, and nothing is written.

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

/** An alert that a rule would have raised, of either path. */
type TriedAlert = BatchAlert

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
  const known = ruleNamed(request.rule)
  checkParameters(known.rule, request.parameters)
  if (known.path === 'batch' && known.rule.by === 'product') {
    throw new RefusedError(
      `${known.rule.title} is not tried on the past: what stores sold of products by day is kept for its own four weeks.`,
    )
  }
  if (isUnderWay)
    throw new RefusedError('Another rule is being tried at this moment: try again in some seconds.')
  isUnderWay = true
  try {
    return known.path === 'batch'
      ? await runOverDocuments(sql, { rule: known.rule as AnyKeyedRule, request, bounds })
      : await runOverLog(sql, { rule: known.rule, request, bounds })
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
  const raised = runs.flatMap(run => [...run.alerts.values()])
  return heldAgainst(sql, { raised, read, through, request })
}

/** The most keys that are judged at once. */
const KEYS = 500

/** A rule of the batch path over the documents of every key that something of it was appended of in the range. */
async function runOverDocuments(
  sql: Sql,
  { rule, request, bounds }: { rule: AnyKeyedRule; request: TryRequest; bounds: TryBounds },
): Promise<TriedRule> {
  const { from, to, parameters } = request
  const deadline = performance.now() + bounds.ms
  const [known, [progress], keys] = await Promise.all([
    loadOperatorReference(sql),
    sql<{ through: Instant }[]>`select through from batch.rule_progress`,
    readDocumentKeys(sql, { by: rule.by, from, to, limit: bounds.entries }),
  ])
  const judgedThrough = progress?.through ?? 0
  const knowledge = await loadRuleKnowledge(sql, asTried(known, rule, parameters))
  const context = knowledge.contextOf(rule, judgedThrough)
  const raised: BatchAlert[] = []
  let read = 0
  // Oldest first: where a bound is met, everything before it has been judged.
  for (let next = 0; next < keys.length; next += KEYS) {
    if (performance.now() >= deadline || read >= bounds.entries) {
      return heldAgainst(sql, { raised, read, through: keys[next]?.at ?? from, request })
    }
    const groups = await loadKeyDocuments(sql, {
      by: rule.by,
      keys: keys.slice(next, next + KEYS).map(({ key }) => key),
      through: judgedThrough,
    })
    for (const { documents } of groups) {
      read += documents.length
      raised.push(...rule.judge(documents, context).map(finding => alertOf(rule, finding)))
    }
  }
  return heldAgainst(sql, { raised, read, through: to, request })
}

/** Keys with something in the range that the rule may say something of, by when that was appended first. */
async function readDocumentKeys(
  sql: Sql,
  { by, from, to, limit }: { by: AnyKeyedRule['by']; from: Instant; to: Instant; limit: number },
): Promise<{ key: string; at: Instant }[]> {
  const isAppended = sql`d.appended_at >= ${isoOf(from)}::timestamptz and d.appended_at < ${isoOf(to)}::timestamptz`
  return by === 'order'
    ? sql`
        select d.order_key::text as key, min(d.appended_at) as at from batch.rule_documents d
        where d.order_key is not null and ${isAppended}
          and exists (select from batch.rule_documents r where r.order_key = d.order_key and r.is_return)
        group by 1 order by 2 limit ${limit}`
    : sql`
        select d.card_key::text as key, min(d.appended_at) filter (where ${isAppended}) as at
        from batch.rule_documents d where d.card_key is not null
        group by 1 having count(distinct d.store_key) > 1 and count(*) filter (where ${isAppended}) > 0
        order by 2 limit ${limit}`
}

/** What a rule would have raised, beside what it did raise and what people said of that. */
async function heldAgainst(
  sql: Sql,
  {
    raised,
    read,
    through,
    request: { rule, from, to, stores },
  }: { raised: readonly TriedAlert[]; read: number; through: Instant; request: TryRequest },
): Promise<TriedRule> {
  const chosen = new Set(stores)
  // What lies past the end that all have reached would be held against nothing.
  const alerts = raised.filter(
    ({ openedAt, store }) =>
      openedAt >= from && openedAt < through && (chosen.size === 0 || chosen.has(store)),
  )
  const then = await readRaised(sql, { rule, from, to: through, stores })
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
  { name }: { name: string },
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
function matchAlerts(tried: readonly TriedAlert[], then: readonly RaisedThen[]): Map<TriedAlert, RaisedThen> {
  const bySubject = Map.groupBy(then, ({ store, subject }) => `${store}\u001f${subject}`)
  const matches = new Map<TriedAlert, RaisedThen>()
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
