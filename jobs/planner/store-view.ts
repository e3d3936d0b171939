import { businessDaySpan } from '#domain/business-day.ts'
import { type BusinessDay, lastDayOf, periodOf } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import {
  type CurrentRun,
  type DayClosing,
  type Inputs,
  type PlannerFacts,
  type ReportRule,
  type Slot,
  type StoreFacts,
  slotKey,
} from './facts.ts'
import { WITHDRAWN } from './set-aside.ts'
import { coveredDays, dayClosing, isJournalMissing, missingRegisters, newHabitOffset } from './store-days.ts'

/**
 * - settled: the run that stands has read everything that concerns the period
 * - due: it should run, and what it is computed from is settled
 * - waiting: a report it is computed from is not settled
 */
export type SlotState = 'settled' | 'due' | 'waiting'

/** What the planner thinks of one period of one report. */
export interface SlotView {
  rule: ReportRule
  period: BusinessDay
  state: SlotState
  /** Why it is due by itself, inputs aside; null when they are the only reason or it is not due. */
  ownReason: string | null
  days: readonly BusinessDay[]
  /** Views of the periods it is computed from. */
  upstream: readonly SlotView[]
  closes: DayClosing
}

/** The reports of one store, period by period. A function of its inputs; views are worked out once. */
export interface StoreView {
  facts: StoreFacts
  /** All periods of a report, oldest first, that the facts can judge. */
  periods(rule: ReportRule): BusinessDay[]
  view(rule: ReportRule, period: BusinessDay): SlotView
  /** Whether the schedule leaves a slot alone because its day goes on. Not asked of runs by hand. */
  isEarly(rule: ReportRule, period: BusinessDay): boolean
  /** Weeks or months in scope of which no day has ended yet: they have no view. */
  comingPeriods(rule: ReportRule): BusinessDay[]
  toSlot(view: SlotView, reason: string): Slot
}

export function createStoreView(request: {
  facts: StoreFacts
  planner: Pick<PlannerFacts, 'basis' | 'references'>
  rules: ReadonlyMap<string, ReportRule>
  now: Instant
  /** By hand a week or month takes in days that have not ended; the schedule waits for their end. */
  includesOpenDays: boolean
}): StoreView {
  const { facts, planner, rules, now, includesOpenDays } = request
  const basisOffset = planner.basis[facts.partition]?.offset ?? 0
  const views = new Map<string, SlotView>()
  const daysByKind = new Map<string, BusinessDay[]>()
  const chains = new Map<string, Map<BusinessDay, BusinessDay>>()
  const daysByPeriod = new Map<string, Map<BusinessDay, BusinessDay[]>>()

  function daysOf(rule: ReportRule): BusinessDay[] {
    const known = daysByKind.get(rule.days)
    if (known) return known
    const days = coveredDays(rule.days, facts, now)
    daysByKind.set(rule.days, days)
    return days
  }

  /** The days of a report by the period they lie in, those left out that it does not take in yet. */
  function grouped(rule: ReportRule): Map<BusinessDay, BusinessDay[]> {
    const key = `${rule.days} ${rule.grain}`
    const known = daysByPeriod.get(key)
    if (known) return known
    const groups = new Map<BusinessDay, BusinessDay[]>()
    for (const day of daysOf(rule)) {
      if (rule.grain !== 'day' && !includesOpenDays && !hasEnded(day)) continue
      const period = periodOf(rule.grain, day)
      const group = groups.get(period)
      if (group) group.push(day)
      else groups.set(period, [day])
    }
    daysByPeriod.set(key, groups)
    return groups
  }

  function hasEnded(day: BusinessDay): boolean {
    return now >= businessDaySpan(day, facts.versions).end
  }

  function periods(rule: ReportRule): BusinessDay[] {
    const { from, to } = facts.scope
    // A chain is judged from its first loose link, which may lie before the scope.
    if (rule.isChained) return [...grouped(rule).keys()].filter(day => day <= to)
    return [...grouped(rule).keys()].filter(period => lastDayOf(rule.grain, period) >= from && period <= to)
  }

  function isEarly(rule: ReportRule, period: BusinessDay): boolean {
    // Weeks and months take in ended days only, so they need no look at the clock.
    return rule.cadence === 'day-ended' && rule.grain === 'day' && !hasEnded(period)
  }

  function comingPeriods(rule: ReportRule): BusinessDay[] {
    if (rule.grain === 'day') return []
    const { from, to } = facts.scope
    const all = new Set(daysOf(rule).map(day => periodOf(rule.grain, day)))
    return [...all].filter(
      period => lastDayOf(rule.grain, period) >= from && period <= to && !grouped(rule).has(period),
    )
  }

  function view(rule: ReportRule, period: BusinessDay): SlotView {
    const key = slotKey(rule.name, period)
    const known = views.get(key)
    if (known) return known
    const judged = judge(rule, period)
    views.set(key, judged)
    return judged
  }

  function judge(rule: ReportRule, period: BusinessDay): SlotView {
    const days = grouped(rule).get(period) ?? []
    const upstream = upstreamOf(rule, { period, days })
    const run = facts.runs.get(slotKey(rule.name, period))
    const closes = rule.isPublishing ? closingOf(period) : null
    const ownReason = run ? staleReason({ rule, period, run, days, closes }) : 'first run'
    const common = { rule, period, days, upstream, closes, ownReason }
    if (upstream.some(input => input.state !== 'settled')) return { ...common, state: 'waiting' }
    if (ownReason !== null) return { ...common, state: 'due' }
    const haveInputsChanged = run !== undefined && !covers(run.inputs, expectedInputs(rule, upstream))
    return { ...common, state: haveInputsChanged ? 'due' : 'settled' }
  }

  function upstreamOf(
    rule: ReportRule,
    { period, days }: { period: BusinessDay; days: readonly BusinessDay[] },
  ): SlotView[] {
    if (rule.isChained) {
      const previous = previousDay(rule, period)
      return previous === null ? [] : [view(rule, previous)]
    }
    return rule.inputs.flatMap(name => {
      const input = rules.get(name)
      if (!input) throw new Error(`${rule.name} is computed from ${name}, which is no report`)
      // Stock is carried through a month in which nothing happened; other reports have no such month.
      if (input.grain === rule.grain) return grouped(input).has(period) ? [view(input, period)] : []
      return days.map(day => view(input, day))
    })
  }

  function previousDay(rule: ReportRule, day: BusinessDay): BusinessDay | null {
    return previousDays(rule).get(day) ?? null
  }

  function previousDays(rule: ReportRule): Map<BusinessDay, BusinessDay> {
    const known = chains.get(rule.days)
    if (known) return known
    const days = daysOf(rule)
    const chain = new Map(days.slice(1).map((day, index) => [day, days[index] ?? day]))
    chains.set(rule.days, chain)
    return chain
  }

  function staleReason(slot: {
    rule: ReportRule
    period: BusinessDay
    run: CurrentRun
    days: readonly BusinessDay[]
    closes: DayClosing
  }): string | null {
    const { rule, run, days, closes } = slot
    if (run.codeVersion === WITHDRAWN) return 'an event was set aside or taken back'
    if (run.codeVersion !== rule.version) return `code version ${run.codeVersion} → ${rule.version}`
    if (run.rulesVersion !== RULES_VERSION) return `rules version ${run.rulesVersion} → ${RULES_VERSION}`
    if (facts.storeChanges.has(slotKey(rule.name, slot.period))) return 'what is known of the store changed'
    // What came after the basis is left to the next tick, so that this one ends.
    if (Math.min(lastOffset(rule, days, run), basisOffset) > run.throughOffset) return 'new events'
    const rateChange = rule.isConverted ? days.flatMap(day => facts.rateChanges.get(day) ?? []) : []
    if (rateChange.length > 0) return rateChange.join('; ')
    return closes === null ? null : 'the day closes'
  }

  function lastOffset(rule: ReportRule, days: readonly BusinessDay[], run: CurrentRun): number {
    let last = 0
    if (rule.reads.includes('events')) {
      for (const day of days) last = Math.max(last, facts.heads.get(day)?.lastOffset ?? 0)
    }
    if (rule.reads.includes('till-reports')) {
      for (const report of facts.tillReports) {
        if (days.includes(report.businessDay)) last = Math.max(last, report.lastOffset)
      }
      for (const day of days) last = Math.max(last, newHabitOffset(facts.tillReports, day, run.throughOffset))
    }
    return last
  }

  function closingOf(day: BusinessDay): DayClosing {
    if (facts.closedDays.has(day)) return null
    return dayClosing({
      now,
      endsAt: businessDaySpan(day, facts.versions).end,
      missingRegisters: missingRegisters(facts, day).length,
      isJournalMissing: isJournalMissing(facts, day),
    })
  }

  function expectedInputs(rule: ReportRule, upstream: readonly SlotView[]): Inputs {
    const inputs: Record<string, Record<string, string>> = {}
    for (const { rule: input, period } of upstream) {
      const checksum = facts.runs.get(slotKey(input.name, period))?.checksum ?? ''
      inputs[input.name] = { ...inputs[input.name], [period]: checksum }
    }
    for (const name of rule.references) if (name !== 'stores') inputs[name] = { '': planner.references[name] }
    return inputs
  }

  function toSlot(of: SlotView, reason: string): Slot {
    const { rule, period, days, closes } = of
    const appendDays = new Set<string>()
    let events = 0
    for (const day of days) {
      const head = facts.heads.get(day)
      events += head?.events ?? 0
      for (const appendDay of head?.appendDays ?? []) appendDays.add(appendDay)
    }
    if (rule.reads.includes('till-reports')) {
      for (const report of facts.tillReports) {
        if (!days.includes(report.businessDay)) continue
        for (const appendDay of report.appendDays) appendDays.add(appendDay)
      }
    }
    return {
      job: rule.name,
      store: facts.store,
      partition: facts.partition,
      period,
      days: days.map(businessDay => {
        const { start, end } = businessDaySpan(businessDay, facts.versions)
        const previous = rule.isChained ? previousDay(rule, businessDay) : null
        return { businessDay, startsAt: start, endsAt: end, previousDay: previous }
      }),
      events,
      appendDays: [...appendDays].sort(),
      previousRunId: facts.runs.get(slotKey(rule.name, period))?.runId ?? null,
      reason,
      closes,
    }
  }

  return { facts, periods, view, isEarly, comingPeriods, toSlot }
}

/** For people. */
export function reasonOf(view: SlotView): string {
  return view.ownReason ?? 'what it is computed from changed'
}

/** Whether a run was computed from (at least) these inputs as they are now. */
function covers(inputs: Inputs, expected: Inputs): boolean {
  return Object.entries(expected).every(([report, periods]) =>
    Object.entries(periods).every(([period, checksum]) => inputs[report]?.[period] === checksum),
  )
}
