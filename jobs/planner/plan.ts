import type { BusinessDay } from '#domain/calendar.ts'
import { lastDayOf } from '#domain/calendar.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { PlanningFailure } from '#jobs/ledger/ticks.ts'
import { messageOf } from '#platform/command.ts'
import {
  type FailedAttempts,
  type PlannerFacts,
  type ReportRule,
  type Slot,
  type StoreFacts,
  slotKey,
} from './facts.ts'
import { createStoreView, reasonOf, type SlotView, type StoreView } from './store-view.ts'

/** What is wanted: everything that is due, or the periods of some reports in a range, due or not. */
export type Wanted =
  | { kind: 'due' }
  | { kind: 'range'; jobs: readonly string[]; from: BusinessDay; to: BusinessDay }

interface PlanRequest {
  now: Instant
  facts: PlannerFacts
  /** All reports, in order of dependency. */
  rules: readonly ReportRule[]
  wanted: Wanted
  /** Slots this tick has tried already, by `triedKey`: none is tried twice. */
  tried: ReadonlySet<string>
}

export interface Plan {
  /** What can run now, in order of dependency: report by report, then by period and store. */
  slots: Slot[]
  /** Slots in the wanted range that cannot run because what they are computed from is not settled. */
  blocked: { job: string; store: string; period: BusinessDay; waitsFor: string }[]
  /** Stores of which nothing can be planned, as of a calendar that does not exist: the others are. */
  failures: PlanningFailure[]
}

/**
 * A restated day is followed by as many days at once, since their openings probably changed too. What lies
 * beyond runs in the next turn, and only if the checksums say so: a count in between ends the change.
 */
const MAX_FOLLOWING_DAYS = 31

/**
 * The runs that should happen now: a function of the moment, the log's extents, the ledger and the stores'
 * calendars. It is asked again after its slots have run, until it answers none; so a report is planned
 * when what it is computed from has settled, and only if that changed. Nothing depends on what was planned
 * before: slots missed while nobody ran are due like any other.
 */
export function plan({ now, facts, rules, wanted, tried }: PlanRequest): Plan {
  const byName = new Map(rules.map(rule => [rule.name, rule]))
  const result: Plan = { slots: [], blocked: [], failures: [] }
  for (const storeFacts of facts.stores) {
    try {
      const chosen = planStore(storeFacts, { now, facts, rules, byName, wanted, tried })
      result.slots.push(...chosen.slots)
      result.blocked.push(...chosen.blocked)
    } catch (error) {
      result.failures.push({ store: storeFacts.store, error: messageOf(error) })
    }
  }
  const order = new Map(rules.map((rule, index) => [rule.name, index]))
  result.slots.sort(
    (a, b) =>
      (order.get(a.job) ?? 0) - (order.get(b.job) ?? 0) ||
      compare(a.period, b.period) ||
      compare(a.store, b.store),
  )
  return result
}

type Chosen = Omit<Plan, 'failures'>

function planStore(
  storeFacts: StoreFacts,
  request: PlanRequest & { byName: ReadonlyMap<string, ReportRule> },
): Chosen {
  const { now, facts, rules, byName, wanted, tried } = request
  const store = createStoreView({
    facts: storeFacts,
    planner: facts,
    rules: byName,
    now,
    includesOpenDays: wanted.kind === 'range',
  })
  // Oldest first, so that a long chain of days is judged link by link.
  for (const rule of rules) for (const period of store.periods(rule)) store.view(rule, period)
  return wanted.kind === 'due'
    ? chooseDue(store, { now, rules, tried })
    : chooseRange(store, { wanted, rules, tried })
}

/** Names a slot among those a tick has tried. */
export function triedKey(slot: { job: string; store: string; period: BusinessDay }): string {
  return `${slot.store} ${slotKey(slot.job, slot.period)}`
}

function chooseDue(
  store: StoreView,
  { now, rules, tried }: Pick<PlanRequest, 'now' | 'rules' | 'tried'>,
): Chosen {
  const slots: Slot[] = []
  for (const rule of rules) {
    const isOpen = (period: BusinessDay) =>
      !store.isEarly(rule, period) &&
      !wasTried(store, { rule, period, tried }) &&
      !isBackingOff(store.facts.failures.get(slotKey(rule.name, period)), { now, codeVersion: rule.version })
    const due = store
      .periods(rule)
      .map(period => store.view(rule, period))
      .filter(view => view.state === 'due' && isOpen(view.period))
    if (!rule.isChained) {
      slots.push(...due.map(view => store.toSlot(view, reasonOf(view))))
      continue
    }
    const [first] = due
    if (first) slots.push(...chainFrom(store, { first, isOpen, isWanted: view => view.ownReason !== null }))
  }
  return { slots, blocked: [] }
}

function chooseRange(
  store: StoreView,
  {
    wanted,
    rules,
    tried,
  }: Pick<PlanRequest, 'rules' | 'tried'> & { wanted: Extract<Wanted, { kind: 'range' }> },
): Chosen {
  const asked = rules
    .filter(rule => wanted.jobs.includes(rule.name))
    .flatMap(rule =>
      store
        .periods(rule)
        .filter(period => lastDayOf(rule.grain, period) >= wanted.from && period <= wanted.to)
        .map(period => store.view(rule, period)),
    )
  const open = new Map(
    asked.filter(view => !wasTried(store, { ...view, tried })).map(view => [keyOf(view), view]),
  )
  const chosen = new Map<string, SlotView>()
  const blocked: Plan['blocked'] = []
  for (const view of open.values()) {
    const unsettled = unsettledBelow(view, open)
    const failed = unsettled.find(input => wasTried(store, { ...input, tried }))
    if (failed) {
      const { rule, period } = view
      blocked.push({ job: rule.name, store: store.facts.store, period, waitsFor: keyOf(failed) })
    } else if (unsettled.length === 0) chosen.set(keyOf(view), view)
    // What it is computed from runs first, in the range or not.
    else for (const input of unsettled) chosen.set(keyOf(input), input)
  }
  const slots = rules.flatMap(rule => {
    const own = [...chosen.values()].filter(view => view.rule === rule)
    if (!rule.isChained) {
      return own.map(view => store.toSlot(view, open.has(keyOf(view)) ? 'asked for' : reasonOf(view)))
    }
    const first = own.toSorted((a, b) => compare(a.period, b.period))[0]
    if (!first) return []
    const last = lastNeeded(rule, open.values())
    const isOpen = (period: BusinessDay) => period <= last && !wasTried(store, { rule, period, tried })
    return chainFrom(store, { first, isOpen, isWanted: () => true })
  })
  return { slots, blocked }
}

/** The last day of a chain that somebody asked for, or for something computed from it. */
function lastNeeded(rule: ReportRule, asked: Iterable<SlotView>): BusinessDay {
  let last = ''
  for (const view of asked) {
    for (const needed of [view, ...view.upstream]) {
      if (needed.rule === rule && needed.period > last) last = needed.period
    }
  }
  return last
}

/**
 * The reports below a slot that have to run before it: due ones at the end of every line of waiting, and
 * asked-for ones that have not run yet.
 */
function unsettledBelow(view: SlotView, open: ReadonlyMap<string, SlotView>): SlotView[] {
  return view.upstream.flatMap(input => {
    if (input.state === 'due') return [input]
    if (input.state === 'waiting') return unsettledBelow(input, open)
    // The days of a chain run in one go, in their order: none waits for the one before it.
    return open.has(keyOf(input)) && input.rule !== view.rule ? [input] : []
  })
}

/** A stretch of a chain: from its first slot on, as long as days are wanted or follow closely. */
function chainFrom(
  store: StoreView,
  chain: {
    first: SlotView
    isOpen: (period: BusinessDay) => boolean
    isWanted: (view: SlotView) => boolean
  },
): Slot[] {
  const { first, isOpen, isWanted } = chain
  const slots: Slot[] = []
  const periods = store.periods(first.rule)
  for (const period of periods.slice(periods.indexOf(first.period))) {
    const view = store.view(first.rule, period)
    if (!isOpen(period) || (slots.length >= MAX_FOLLOWING_DAYS && !isWanted(view))) break
    slots.push(
      store.toSlot(
        view,
        view.ownReason ?? (slots.length === 0 ? reasonOf(view) : 'its opening may have changed'),
      ),
    )
  }
  return slots
}

function wasTried(
  store: StoreView,
  slot: { rule: ReportRule; period: BusinessDay; tried: ReadonlySet<string> },
): boolean {
  return slot.tried.has(triedKey({ job: slot.rule.name, store: store.facts.store, period: slot.period }))
}

function keyOf(view: SlotView): string {
  return slotKey(view.rule.name, view.period)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

const MAX_WAIT_MS = 6 * HOUR_MS

/**
 * Whether the schedule leaves a slot alone for now because it has just failed: after n failures on this
 * code for 2^n minutes, six hours at most. A failed check does not mend itself, but new events or somebody
 * may; until then the ledger need not fill with the same error. By hand it runs at once.
 */
export function isBackingOff(
  failures: FailedAttempts | undefined,
  { now, codeVersion }: { now: Instant; codeVersion: string },
): boolean {
  if (failures === undefined || failures.codeVersion !== codeVersion) return false
  // 2^9 minutes are past the limit: no need to let the power grow.
  const waitMs = Math.min(MINUTE_MS * 2 ** Math.min(failures.count, 9), MAX_WAIT_MS)
  return now < failures.lastAt + waitMs
}
