import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { addExact } from '#domain/money.ts'
import { entryTimeOf, type PartitionWatermark } from '#domain/watermark.ts'
import { type Alert, type AlertChange, type Judgement, MOST_RECEIPTS, severityOfScore } from './alert.ts'
import type { LogTick, OperatorEvent } from './event.ts'
import {
  PANES_KEPT_MS,
  type PaneDelta,
  SESSIONS_KEPT_MS,
  type SessionMetric,
  type SessionSum,
  type WindowedMetric,
} from './metric.ts'
import type { OperatorReference, RuleVersion } from './reference.ts'
import { type AnyRule, valuesOf } from './rule.ts'
import { type Session, session, type Windower } from './windower.ts'

// Operators over one partition of the log. Invariant: what they keep and what they say after an entry is a function of
// the entries up to it and of reference data as of their times, wherever batches are cut; so a restart goes on from the
// tables, and a replay tells the same alerts under the same names.
//
//   event ─ filter, key ─▶ windower (sliding · session · running) ─▶ judge ─▶ episode ─▶ alerts
//     │                       │ state of the key, JSON                ▲
//     │                       └ dropped when the watermark is past    │ judgeAt: a minute passed, nothing came
//     └ panes (tumbling sums, sliding by a pane) ─▶ metrics           └ parameters and reference as of the event's time

/** What is added when somebody adds a metric or a rule: everything else is the engine's. */
export interface Operators {
  rules: readonly AnyRule[]
  metrics: readonly WindowedMetric[]
  sessions: readonly SessionMetric[]
}

/** Tells that what was done since it was told before is the operator's. */
export type Lap = (operator: string) => void

/** What is kept of one key of one operator. */
export interface KeptState {
  /** Plain JSON; the windower's. */
  state: unknown
  expiresAt: Instant
  /** Offset of the event with which what is told of it began. */
  since: number
  /** The episode that is open. */
  alert: Alert | null
  /** That episode ends by itself: until then the state is kept, however old it is. */
  isHeld: boolean
}

/** Whether a state means nothing any more at a watermark: it is as if it had never been. */
export function hasExpired({ expiresAt, isHeld }: KeptState, watermark: Instant | null): boolean {
  return !isHeld && watermark !== null && expiresAt <= watermark
}

/** The states before a batch; `fold.touched` holds what became of them. */
export interface KeyedStates {
  /** @param key with its store, as `stateKey` joins them */
  get(operator: string, key: string): KeptState | undefined
  /** All of an operator that is judged by the clock. */
  entries(operator: string): Iterable<[key: string, state: KeptState]>
}

/** A session as it stands after a batch. */
export interface SessionRow extends SessionSum {
  metric: string
  sessionId: string
  store: string
  key: string
  start: Instant
  end: Instant
}

export interface OperatorFailure {
  operator: string
  offset: number
  message: string
}

export function stateKey(store: string, key: string): string {
  return `${store}\u001f${key}`
}

/** The keys of which an event touches the state. */
export function keysOf(
  operators: Operators,
  event: OperatorEvent,
  reference: OperatorReference,
): { operator: string; key: string }[] {
  const ofRules = operators.rules.flatMap(({ name, input, parameters }) => {
    const set = reference.ruleAt(name, event.eventTime)?.parameters
    const given = input(event, { parameters: valuesOf(parameters, set), reference })
    return given === null ? [] : [{ operator: name, key: given.key }]
  })
  const ofSessions = operators.sessions.flatMap(({ name, input }) => {
    const given = input(event)
    return given === null ? [] : [{ operator: name, key: given.key }]
  })
  return [...ofRules, ...ofSessions]
}

export class OperatorFold {
  readonly touched = new Map<string, Map<string, KeptState>>()
  readonly alerts = new Map<string, AlertChange>()
  readonly sessions = new Map<string, SessionRow>()
  /** What an operator could not judge, for whoever mends it. */
  readonly failures: OperatorFailure[] = []
  readonly #operators: Operators
  readonly #timed: readonly AnyRule[]
  readonly #states: KeyedStates
  readonly #reference: OperatorReference
  readonly #partition: number
  /** By metric, store, pane and key. */
  readonly #panes = new Map<string, Map<string, Map<Instant, Map<string, PaneDelta>>>>()
  readonly #versions = new Map<AnyRule, VersionedRule>()
  /** Names of the stores' own states, and of what a store has few of: joined once a batch, not once an event. */
  readonly #places = new Map<string, Map<string, string>>()
  readonly #sessions: readonly WindowedSession[]
  readonly #lap: Lap | undefined

  /** @param input.lap told after each operator, where somebody measures what they cost */
  constructor(
    operators: Operators,
    input: { partition: number; states: KeyedStates; reference: OperatorReference; lap?: Lap | undefined },
  ) {
    this.#operators = operators
    this.#lap = input.lap
    this.#timed = operators.rules.filter(rule => rule.judgeAt !== undefined)
    this.#sessions = operators.sessions.map(metric => ({
      metric,
      windower: session({ gapMs: metric.gapMs, nothing: NOTHING, add: addSums }),
    }))
    this.#states = input.states
    this.#reference = input.reference
    this.#partition = input.partition
  }

  /**
   * Reads the next entry of the log: takes the watermark past it, lets operators judge the event, and lets the minutes
   * pass that it has closed. An operator that fails goes on without the entry, and says so in `failures`.
   * @param watermark is advanced in place
   * @param options.isJudged false: the event tells the time, and nobody looks at it
   * @returns the watermark of all entries before it, as its lateness is judged by; null at the log's beginning
   */
  read(
    entry: OperatorEvent | LogTick,
    watermark: PartitionWatermark,
    { isJudged = true }: { isJudged?: boolean } = {},
  ): Instant | null {
    const previous = watermark.current
    const before = watermark.advance(entryTimeOf(entry))
    this.#lap?.('lateness')
    if (entry.type !== 'tick' && isJudged) this.#apply(entry, before)
    this.#passTime(previous, watermark.current, entry.offset)
    return before
  }

  #apply(event: OperatorEvent, watermark: Instant | null): void {
    const { rules, metrics } = this.#operators
    for (const rule of rules) {
      try {
        this.#applyRule(rule, event, watermark)
      } catch (error) {
        this.#fail(rule.name, event.offset, error)
      }
      this.#lap?.(rule.name)
    }
    for (const metric of metrics) {
      try {
        this.#applyMetric(metric, event)
      } catch (error) {
        this.#fail(metric.name, event.offset, error)
      }
      this.#lap?.(metric.name)
    }
    for (const session of this.#sessions) {
      try {
        this.#applySession(session, event, watermark)
      } catch (error) {
        this.#fail(session.metric.name, event.offset, error)
      }
      this.#lap?.(session.metric.name)
    }
  }

  /** An operator that fails on an event goes on without it: figures and stock, and the other operators, never do. */
  #fail(operator: string, offset: number, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    this.failures.push({ operator, offset, message: `${operator} fails on offset ${offset}: ${why}` })
  }

  /** After an entry that took the watermark along: rules that are judged by the clock look at each minute's end once. */
  #passTime(before: Instant | null, now: Instant | null, offset: number): void {
    if (before === null || now === null) return
    const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS
    if (minute <= before) return
    for (const rule of this.#timed) {
      for (const [key, kept] of this.#entries(rule.name)) {
        try {
          this.#judgeAt(rule, key, kept, { at: minute, offset })
        } catch (error) {
          this.#fail(rule.name, offset, error)
        }
      }
      this.#lap?.(rule.name)
    }
  }

  /**
   * States that are worth writing at a watermark: of a backlog of days nearly none. What time judges is written though it
   * means nothing any more: a row of before may say that it is held, and would be for ever.
   */
  statesSince(watermark: Instant | null): { operator: string; place: string; kept: KeptState }[] {
    const timed = new Set(this.#timed.map(({ name }) => name))
    return [...this.touched].flatMap(([operator, states]) =>
      [...states].flatMap(([place, kept]) =>
        hasExpired(kept, watermark) && !timed.has(operator) ? [] : [{ operator, place, kept }],
      ),
    )
  }

  /** Panes that are still kept at a watermark: of a backlog of days most never need to be written. */
  panesSince(watermark: Instant | null): PaneDelta[] {
    const kept: PaneDelta[] = []
    for (const [metric, stores] of this.#panes) {
      const keptFrom = this.#keptFrom(metric, watermark)
      for (const starts of stores.values())
        for (const [start, keys] of starts) if (start >= keptFrom) kept.push(...keys.values())
    }
    return kept
  }

  /** Lets go of panes that are not kept any more: should something come for one of them, it is not kept either. */
  forgetPanes(watermark: Instant | null): void {
    for (const [metric, stores] of this.#panes) {
      const keptFrom = this.#keptFrom(metric, watermark)
      for (const starts of stores.values())
        for (const start of starts.keys()) if (start < keptFrom) starts.delete(start)
    }
  }

  #keptFrom(metric: string, watermark: Instant | null): Instant {
    const { windowMs = 0 } = this.#operators.metrics.find(({ name }) => name === metric) ?? {}
    return watermark === null ? Number.NEGATIVE_INFINITY : watermark - windowMs - PANES_KEPT_MS
  }

  /** Sessions that are still kept at a watermark. */
  sessionsSince(watermark: Instant | null): SessionRow[] {
    const sessions = [...this.sessions.values()]
    return watermark === null ? sessions : sessions.filter(({ end }) => end >= watermark - SESSIONS_KEPT_MS)
  }

  #applyRule(rule: AnyRule, event: OperatorEvent, watermark: Instant | null): void {
    const version = this.#reference.ruleAt(rule.name, event.eventTime)
    if (version?.isOn === false) return
    const { parameters, windower } = this.#under(rule, version)
    const input = rule.input(event, { parameters, reference: this.#reference })
    if (input === null) return
    // Rules that are judged by the clock have few keys: stores, tills and the like.
    const key = rule.judgeAt ? this.#placeOf(event.store, input.key) : stateKey(event.store, input.key)
    const own = this.touched.get(rule.name)?.get(key)
    const known = alive(own ?? this.#states.get(rule.name, key), watermark)
    const endsByItself = rule.ends === 'by itself'
    const held = windower.add(known?.state ?? null, input.item, event.eventTime)
    const isNew = held.begins || known === undefined
    const open = isNew && !endsByItself ? null : (known?.alert ?? null)
    const context = { parameters, reference: this.#reference, store: event.store, key: input.key }
    const at = { at: event.eventTime, offset: event.offset, version: version?.version ?? 1 }
    const about = { store: event.store, register: event.register, subject: input.key }
    const alert = rule.judge
      ? this.#follow(rule, rule.judge(held.view, { ...context, event, item: input.item }), open, {
          ...at,
          ...about,
        })
      : open
    if (held.isApart) return
    const since = isNew ? event.offset : known.since
    const isHeld = endsByItself && alert !== null
    if (own === undefined) {
      this.#keep(rule.name, key, { state: held.state, expiresAt: held.expiresAt, since, alert, isHeld })
      return
    }
    // Of this batch and nobody else's yet.
    own.state = held.state
    own.expiresAt = held.expiresAt
    own.since = since
    own.alert = alert
    own.isHeld = isHeld
  }

  #judgeAt(
    rule: AnyRule,
    key: string,
    kept: KeptState,
    { at, offset }: { at: Instant; offset: number },
  ): void {
    if (hasExpired(kept, at)) return
    const [store = '', subject = ''] = key.split('\u001f')
    const version = this.#reference.ruleAt(rule.name, at)
    const { parameters } = this.#under(rule, version)
    const context = { parameters, reference: this.#reference, store, key: subject, at }
    const judgement = version?.isOn === false ? null : (rule.judgeAt?.(kept.state, context) ?? null)
    if (judgement === null && kept.alert === null) return
    const alert = this.#follow(rule, judgement, kept.alert, {
      at,
      offset,
      version: version?.version ?? 1,
      store,
      register: null,
      subject,
    })
    if (alert !== kept.alert) {
      const isHeld = rule.ends === 'by itself' && alert !== null
      this.#keep(rule.name, key, { ...kept, alert, isHeld })
    }
  }

  /** @returns the episode that is open afterwards */
  #follow(
    rule: AnyRule,
    judgement: Judgement | null,
    open: Alert | null,
    now: {
      at: Instant
      offset: number
      version: number
      store: string
      register: string | null
      subject: string
    },
  ): Alert | null {
    const { at, offset, version, store, register, subject } = now
    if (judgement === null) {
      if (open === null || rule.ends === 'with its window') return open
      this.#tell({ ...open, state: 'resolved', resolvedAt: at, amendedAt: at, amendedOffset: offset }, true)
      return null
    }
    const receipts = judgement.receipts.slice(-MOST_RECEIPTS)
    const severity = severityOfScore(judgement.score)
    if (open === null) {
      const alert: Alert = {
        alertId: `${rule.name}/${store}/${subject}@${this.#partition}-${offset}`,
        kind: rule.kind,
        rule: rule.name,
        ruleVersion: version,
        store,
        register,
        subject,
        severity,
        state: 'open',
        openedAt: at,
        openedOffset: offset,
        amendedAt: at,
        amendedOffset: offset,
        resolvedAt: null,
        ...judgement,
        receipts,
      }
      this.#tell(alert, true)
      return alert
    }
    if (judgement.summary === open.summary && judgement.score === open.score) return open
    const isNews = severity === 'critical' && open.severity !== 'critical'
    const alert = { ...open, ...judgement, receipts, severity, amendedAt: at, amendedOffset: offset }
    this.#tell(alert, isNews)
    return alert
  }

  #tell(alert: Alert, isNews: boolean): void {
    const known = this.alerts.get(alert.alertId)
    this.alerts.set(alert.alertId, { alert, isNews: isNews || (known?.isNews ?? false) })
  }

  #applyMetric({ name, paneMs, of }: WindowedMetric, event: OperatorEvent): void {
    const { store, eventTime } = event
    const paneStart = Math.floor(eventTime / paneMs) * paneMs
    let keys: Map<string, PaneDelta> | undefined
    for (const { key, documents, units, net } of of(event)) {
      keys ??= this.#keysOfPane(name, store, paneStart)
      const pane = keys.get(key)
      if (pane) {
        pane.documents += documents
        pane.units += units
        if (net !== 0) pane.net = addExact(pane.net, net)
        continue
      }
      keys.set(key, { metric: name, store, key, paneStart, documents, units, net })
    }
  }

  /** Steps rather than one text of them all: nothing is joined and hashed for an order. */
  #keysOfPane(metric: string, store: string, paneStart: Instant): Map<string, PaneDelta> {
    const stores = orNew(this.#panes, metric)
    return orNew(orNew(stores, store), paneStart)
  }

  #placeOf(store: string, key: string): string {
    const places = orNew(this.#places, store)
    const known = places.get(key)
    if (known !== undefined) return known
    const place = stateKey(store, key)
    places.set(key, place)
    return place
  }

  #applySession(
    { metric, windower }: WindowedSession,
    event: OperatorEvent,
    watermark: Instant | null,
  ): void {
    const input = metric.input(event)
    if (input === null) return
    const key = stateKey(event.store, input.key)
    const kept = this.touched.get(metric.name)?.get(key) ?? this.#states.get(metric.name, key)
    const known = alive(kept, watermark)
    const held = windower.add((known?.state as Session<SessionSum>) ?? null, input.adds, event.eventTime)
    const since = held.begins || known === undefined ? event.offset : known.since
    const sessionId = `${metric.name}/${event.store}/${input.key}@${this.#partition}-${since}`
    const { start, end, sum } = held.view
    this.sessions.set(sessionId, {
      metric: metric.name,
      sessionId,
      store: event.store,
      key: input.key,
      start,
      end,
      ...sum,
    })
    if (held.isApart) return
    this.#keep(metric.name, key, {
      state: held.state,
      expiresAt: held.expiresAt,
      since,
      alert: null,
      isHeld: false,
    })
  }

  /** A rule under the version that holds, worked out once: nearly all events of a batch are judged by the same. */
  #under(rule: AnyRule, version: RuleVersion | null): VersionedRule {
    const of = version ?? AS_IT_COMES
    const known = this.#versions.get(rule)
    if (known?.of === of) return known
    const parameters = valuesOf(rule.parameters, of.parameters) as VersionedRule['parameters']
    const versioned = { of, parameters, windower: rule.window(parameters) }
    this.#versions.set(rule, versioned)
    return versioned
  }

  *#entries(operator: string): Iterable<[string, KeptState]> {
    const own = this.touched.get(operator)
    if (own) yield* [...own]
    for (const [key, kept] of this.#states.entries(operator)) if (!own?.has(key)) yield [key, kept]
  }

  #keep(operator: string, key: string, kept: KeptState): void {
    orNew(this.touched, operator).set(key, kept)
  }
}

function alive(kept: KeptState | undefined, watermark: Instant | null): KeptState | undefined {
  return kept && hasExpired(kept, watermark) ? undefined : kept
}

/** The map that stands under a key, an empty one if none did. */
function orNew<Key, InnerKey, Value>(maps: Map<Key, Map<InnerKey, Value>>, key: Key): Map<InnerKey, Value> {
  const known = maps.get(key)
  if (known) return known
  const begun = new Map<InnerKey, Value>()
  maps.set(key, begun)
  return begun
}

/** What is kept of a rule while a version of it holds. */
interface VersionedRule {
  of: RuleVersion
  parameters: Readonly<Record<string, number>>
  windower: Windower<unknown, unknown, unknown>
}

interface WindowedSession {
  metric: SessionMetric
  windower: Windower<SessionSum, Session<SessionSum>, Session<SessionSum>>
}

const AS_IT_COMES: RuleVersion = { version: 1, validFrom: 0, isOn: true, parameters: {} }

const NOTHING: SessionSum = { orders: 0, units: 0, net: 0, views: 0 }

function addSums(one: SessionSum, other: SessionSum): SessionSum {
  return {
    orders: one.orders + other.orders,
    units: one.units + other.units,
    net: one.net + other.net,
    views: one.views + other.views,
  }
}
