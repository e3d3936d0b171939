import type { StoreCalendar } from '#domain/business-day.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { lastDayOf, periodOf } from '#domain/calendar.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import { type StoreVersion, unchangingStore } from '#domain/store.ts'
import {
  type CurrentRun,
  type DayHead,
  type FailedAttempts,
  type PlannerFacts,
  type Slot,
  type StoreFacts,
  slotKey,
  type TillReport,
} from '#jobs/planner/facts.ts'
import { type Plan, plan, triedKey, type Wanted } from '#jobs/planner/plan.ts'
import { DEFINED_REPORTS } from '#jobs/reports/definitions.ts'

/** The planner's facts of one store in Berlin (cut-over 04:00) unless said otherwise, for tests. */
export class TestFacts {
  readonly heads = new Map<BusinessDay, DayHead>()
  readonly tillReports: TillReport[] = []
  readonly closedDays = new Set<BusinessDay>()
  readonly runs = new Map<string, CurrentRun>()
  readonly failures = new Map<string, FailedAttempts>()
  /** As if every store counted its stock before it first sold, unless a test says otherwise. */
  stockKnownFrom: BusinessDay | null = '1900-01-01'
  readonly rateChanges = new Map<BusinessDay, string>()
  readonly tried = new Set<string>()
  readonly storeChanges = new Set<string>()
  readonly store: { store: string; calendar: StoreCalendar } & Pick<
    StoreVersion,
    'input' | 'openingDays' | 'opened' | 'closed'
  >
  offset = 0
  /** What the last tick ended with. */
  lastPlan: Plan = { slots: [], blocked: [], failures: [] }
  #runId = 0
  #checksums = 0

  constructor(store: Partial<TestFacts['store']> = {}) {
    this.store = {
      store: 'berlin',
      calendar: { zone: 'Europe/Berlin', cutOverHour: 4 },
      input: 'live',
      openingDays: null,
      opened: null,
      closed: null,
      ...store,
    }
  }

  /** One more event of a business day in the log. */
  sell(day: BusinessDay, fields: { bulk?: boolean; document?: boolean } = {}): this {
    this.offset += 1
    const head = this.heads.get(day) ?? {
      lastOffset: 0,
      events: 0,
      bulkEvents: 0,
      documents: 0,
      appendDays: [day],
    }
    this.heads.set(day, {
      ...head,
      lastOffset: this.offset,
      events: head.events + 1,
      bulkEvents: head.bulkEvents + (fields.bulk ? 1 : 0),
      documents: head.documents + (fields.document === false ? 0 : 1),
    })
    const sorted = [...this.heads].sort(([a], [b]) => (a < b ? -1 : 1))
    this.heads.clear()
    for (const [key, value] of sorted) this.heads.set(key, value)
    return this
  }

  reportTill(day: BusinessDay, register: string): this {
    this.offset += 1
    this.tillReports.push({ businessDay: day, register, lastOffset: this.offset, appendDays: [day] })
    return this
  }

  storeFacts(): StoreFacts {
    const days = [...this.heads.keys(), ...this.tillReports.map(report => report.businessDay)].sort()
    const { store: id, calendar, ...known } = this.store
    const version = { currency: 'EUR', taxInclusive: true, channel: 'pos', ...calendar, ...known } as const
    return {
      store: id,
      versions: unchangingStore({ id, name: id, partition: 0, ...version }).versions,
      partition: 0,
      scope: {
        from: periodOf('month', days[0] ?? '2026-11-01'),
        to: lastDayOf('month', days.at(-1) ?? '2026-11-01'),
      },
      heads: this.heads,
      tillReports: this.tillReports,
      stockKnownFrom: this.stockKnownFrom,
      rateChanges: this.rateChanges,
      storeChanges: this.storeChanges,
      closedDays: this.closedDays,
      runs: this.runs,
      failures: this.failures,
    }
  }

  facts(): PlannerFacts {
    const basis = [{ offset: this.offset, appendedAt: 0 }]
    return {
      basis,
      references: { categories: 'none' },
      stores: [this.storeFacts()],
      unknownStores: [],
    }
  }

  plan(now: string, wanted: Wanted = { kind: 'due' }): Plan {
    return plan({
      now: Date.parse(now),
      facts: this.facts(),
      rules: DEFINED_REPORTS,
      wanted,
      tried: this.tried,
    })
  }

  /** Planned slots as 'job period'. */
  planned(now: string, wanted?: Wanted): string[] {
    return this.plan(now, wanted).slots.map(slot => `${slot.job} ${slot.period}`)
  }

  /** Runs a slot as a job would. @param keeps the checksum, as if the figures came out the same */
  run(slot: Slot, { keeps = false } = {}): void {
    const key = slotKey(slot.job, slot.period)
    const previous = this.runs.get(key)
    this.#runId += 1
    if (!keeps || !previous) this.#checksums += 1
    const inputs: Record<string, Record<string, string>> = {}
    const rule = DEFINED_REPORTS.find(report => report.name === slot.job)
    for (const name of rule?.inputs ?? []) {
      const isSameGrain = DEFINED_REPORTS.find(report => report.name === name)?.grain === rule?.grain
      const periods = rule?.isChained
        ? slot.days.flatMap(day => day.previousDay ?? [])
        : isSameGrain
          ? [slot.period]
          : slot.days.map(day => day.businessDay)
      for (const period of periods) {
        const checksum = this.runs.get(slotKey(name, period))?.checksum
        if (checksum !== undefined) inputs[name] = { ...inputs[name], [period]: checksum }
      }
    }
    for (const name of rule?.references ?? []) inputs[name] = { '': 'none' }
    this.runs.set(key, {
      runId: this.#runId,
      codeVersion: rule?.version ?? '',
      rulesVersion: RULES_VERSION,
      throughOffset: this.offset,
      checksum: keeps && previous ? previous.checksum : `checksum ${this.#checksums}`,
      inputs,
    })
    this.storeChanges.delete(key)
    if (slot.closes !== null) this.closedDays.add(slot.period)
  }

  /** Plans and runs until nothing is left, as one tick does. @returns what ran, in order */
  tick(
    now: string,
    options: { wanted?: Wanted; fails?: (slot: Slot) => boolean; keeps?: (slot: Slot) => boolean } = {},
  ): string[] {
    const ran: string[] = []
    for (;;) {
      this.lastPlan = this.plan(now, options.wanted)
      const { slots } = this.lastPlan
      if (slots.length === 0) {
        this.tried.clear()
        return ran
      }
      for (const slot of slots) {
        this.tried.add(triedKey(slot))
        if (options.fails?.(slot)) continue
        this.run(slot, { keeps: options.keeps?.(slot) ?? false })
        ran.push(`${slot.job} ${slot.period}`)
      }
    }
  }
}
