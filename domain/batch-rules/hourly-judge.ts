import { DAY_MS, formatInstant, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { severityOfScore } from '#domain/operators/alert.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import { type AnyHourlyRule, type BatchAlert, ruleInForce, type StoreSales } from './batch-rule.ts'

/** What is in the log so long after an hour has ended counts for that hour; what comes later for those after it. */
export const HOUR_KNOWN_AFTER_MS = 30 * MINUTE_MS
/** Days of which a store's habit is made, and of how many it takes at least. */
export const PRODUCT_HABIT_DAYS = 28
export const LEAST_PRODUCT_DAYS = 14
/** What is found again so soon is the same episode. */
const SAME_EPISODE_MS = DAY_MS
/** The most hours that a rule may look back. */
export const MOST_RULE_HOURS = 24

/** Units of a product in a store. */
export interface SoldUnits {
  store: string
  sku: string
  /** End of the hour of event time. */
  hour: Instant
  /** The first end of an hour at which the log had them. */
  knownAt: Instant
  units: number
}

/** The hour's end at which something of the log counts first: half an hour of lateness is waited for. */
export function knownAtHour(appendedAt: Instant): Instant {
  return Math.ceil((appendedAt - HOUR_KNOWN_AFTER_MS) / HOUR_MS) * HOUR_MS
}

/** Products that a rule is to be asked about at an hour: what it asks for at least is there. */
export interface HourCandidate {
  rule: AnyHourlyRule
  sku: string
  /** By store. */
  units: Map<string, number>
}

/** @param at end of the hour */
export function candidatesAt(
  at: Instant,
  {
    rules,
    reference,
    sold,
  }: {
    rules: readonly AnyHourlyRule[]
    reference: Pick<OperatorReference, 'ruleAt'>
    sold: readonly SoldUnits[]
  },
): HourCandidate[] {
  return rules.flatMap(rule => {
    const inForce = ruleInForce(rule, reference, at)
    if (!inForce) return []
    const from = at - rule.hours(inForce.parameters) * HOUR_MS
    const { stores, units: least } = rule.asksFor(inForce.parameters)
    const bySku = new Map<string, Map<string, number>>()
    for (const { store, sku, hour, knownAt, units } of sold) {
      if (hour <= from || hour > at || knownAt > at) continue
      const byStore = bySku.get(sku) ?? new Map<string, number>()
      bySku.set(sku, byStore)
      byStore.set(store, (byStore.get(store) ?? 0) + units)
    }
    return [...bySku].flatMap(([sku, all]) => {
      const units = new Map([...all].filter(([, count]) => count >= least))
      return units.size >= stores ? [{ rule, sku, units }] : []
    })
  })
}

/**
 * Judges hour after hour, oldest first, and keeps the episodes: one begins with the hour that first made it true, and
 * ends when its hours have passed without it.
 */
export class HourlyJudge {
  readonly #reference: Pick<OperatorReference, 'ruleAt'>
  /** The newest episode of a rule and product. */
  readonly #episodes = new Map<string, BatchAlert>()
  /** Those that have begun or changed, by name. */
  readonly changed = new Map<string, BatchAlert>()

  /** @param known episodes that are open, or ended within a day */
  constructor(reference: Pick<OperatorReference, 'ruleAt'>, known: readonly BatchAlert[]) {
    this.#reference = reference
    for (const alert of known.toSorted((one, other) => one.openedAt - other.openedAt))
      this.#episodes.set(keyOf(alert.rule, alert.subject), alert)
  }

  /**
   * @param daysOf units of a store's last days, those without any included; null where too few are known
   * @returns what a rule has thrown, if it has: the others are judged all the same
   */
  judge(
    at: Instant,
    {
      rules,
      candidates,
      daysOf,
    }: {
      rules: readonly AnyHourlyRule[]
      candidates: readonly HourCandidate[]
      daysOf(store: string, sku: string): readonly number[] | null
    },
  ): Error[] {
    const failures: Error[] = []
    const lasting = new Set<string>()
    for (const { rule, sku, units } of candidates) {
      const inForce = ruleInForce(rule, this.#reference, at)
      if (!inForce) continue
      const sales = [...units].flatMap(([store, count]): StoreSales[] => {
        const days = daysOf(store, sku)
        return days === null ? [] : [{ store, units: count, days }]
      })
      try {
        const found = rule.judge(sales, { parameters: inForce.parameters, sku })
        if (!found) continue
        lasting.add(keyOf(rule.name, sku))
        this.#note(rule, { at, sku, found, version: inForce.version })
      } catch (cause) {
        failures.push(new Error(`${rule.name} failed on ${sku} at ${formatInstant(at)}`, { cause }))
      }
    }
    for (const rule of rules) this.#end(rule, at, lasting)
    return failures
  }

  #note(
    rule: AnyHourlyRule,
    {
      at,
      sku,
      found,
      version,
    }: { at: Instant; sku: string; found: NonNullable<ReturnType<AnyHourlyRule['judge']>>; version: number },
  ): void {
    const { store, ...judgement } = found
    const known = this.#episodes.get(keyOf(rule.name, sku))
    const isKnown = known !== undefined && at - known.amendedAt <= SAME_EPISODE_MS
    const alert: BatchAlert = isKnown
      ? {
          ...known,
          // It stands as it was at its widest.
          ...(judgement.score >= known.score ? judgement : {}),
          severity: severityOfScore(Math.max(judgement.score, known.score)),
          state: 'open',
          amendedAt: at,
          resolvedAt: null,
        }
      : {
          ...judgement,
          alertId: `${rule.name}/${store}/${sku}@${formatInstant(at)}`,
          kind: rule.kind,
          rule: rule.name,
          ruleVersion: version,
          store,
          register: null,
          subject: sku,
          severity: severityOfScore(judgement.score),
          state: 'open',
          openedAt: at,
          amendedAt: at,
          resolvedAt: null,
        }
    this.#keep(alert)
  }

  #end(rule: AnyHourlyRule, at: Instant, lasting: ReadonlySet<string>): void {
    const inForce = ruleInForce(rule, this.#reference, at)
    const quietMs = inForce === null ? 0 : rule.hours(inForce.parameters) * HOUR_MS
    for (const alert of this.#episodes.values()) {
      if (alert.rule !== rule.name || alert.state !== 'open' || lasting.has(keyOf(rule.name, alert.subject)))
        continue
      if (at - alert.amendedAt >= quietMs) this.#keep({ ...alert, state: 'resolved', resolvedAt: at })
    }
  }

  #keep(alert: BatchAlert): void {
    this.#episodes.set(keyOf(alert.rule, alert.subject), alert)
    this.changed.set(alert.alertId, alert)
  }
}

function keyOf(rule: string, sku: string): string {
  return `${rule}\u001f${sku}`
}
