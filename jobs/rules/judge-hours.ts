import type { Transaction } from '#db/transaction.ts'
import type { AnyHourlyRule, BatchAlert } from '#domain/batch-rules/batch-rule.ts'
import {
  candidatesAt,
  HOUR_KNOWN_AFTER_MS,
  HourlyJudge,
  LEAST_PRODUCT_DAYS,
  MOST_RULE_HOURS,
  PRODUCT_HABIT_DAYS,
  type SoldUnits,
} from '#domain/batch-rules/hourly-judge.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { DAY_MS, formatInstant, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import { writeAlerts } from './write-alerts.ts'

/** Hours of one step. */
const STEP_HOURS = 24
/** Clocks of tills may be ahead of the log's by so much. */
const AHEAD_MS = 2 * MINUTE_MS

/** Judges the next hours that are known, a day at most. */
export async function judgeHours(
  transaction: Transaction,
  { end, reference, rules }: { end: Instant; reference: OperatorReference; rules: readonly AnyHourlyRule[] },
): Promise<{ alerts: number; failures: Error[]; isAtEnd: boolean }> {
  const done = { alerts: 0, failures: [] as Error[], isAtEnd: true }
  const from = await readProgress(transaction)
  if (from === null) return done
  const known = Math.floor((end - HOUR_KNOWN_AFTER_MS) / HOUR_MS) * HOUR_MS
  const to = Math.min(known, from + STEP_HOURS * HOUR_MS)
  if (to <= from) return done
  const sold = await readSold(transaction, { from, to })
  const judge = new HourlyJudge(reference, await readEpisodes(transaction, rules, from))
  const hours = Array.from({ length: (to - from) / HOUR_MS }, (_, hour) => from + (hour + 1) * HOUR_MS).map(
    at => ({
      at,
      candidates: candidatesAt(at, { rules, reference, sold }),
    }),
  )
  for (const [day, own] of Map.groupBy(hours, ({ at }) => dayBefore(at))) {
    await fillDays(transaction, day)
    const skus = [...new Set(own.flatMap(({ candidates }) => candidates.map(({ sku }) => sku)))]
    const daysOf = await readDays(transaction, day, skus)
    for (const { at, candidates } of own)
      done.failures.push(...judge.judge(at, { rules, candidates, daysOf }))
  }
  await transaction`update batch.rule_progress set judged_hour = ${to}`
  done.alerts = await writeAlerts(transaction, [...judge.changed.values()])
  return { ...done, isAtEnd: to >= known }
}

/** The last day that was over before the day of an hour's end began, UTC: habits are of it and of those before. */
function dayBefore(at: Instant): BusinessDay {
  return addDays(formatInstant(at - 1).slice(0, 10), -1)
}

/** End of the last hour that was judged: of a new log the one before its first entry. Null: there is none yet. */
async function readProgress(transaction: Transaction): Promise<Instant | null> {
  const [progress] = await transaction<{ judgedHour: Instant | null }[]>`
    select judged_hour as "judgedHour" from batch.rule_progress for update`
  if (progress?.judgedHour != null) return progress.judgedHour
  const [first] = await transaction<{ appendedAt: Instant | null }[]>`
    select min(l.appended_at) as "appendedAt" from log.partitions p
    cross join lateral (
      select e.appended_at from log.event_log e where e.partition = p.partition
      order by e.appended_at, e."offset" limit 1
    ) l`
  if (first?.appendedAt == null) return null
  const from = Math.floor(first.appendedAt / HOUR_MS) * HOUR_MS
  await transaction`
    update batch.rule_progress set judged_hour = ${from}, days_through = (${from}::timestamptz at time zone 'UTC')::date - 1`
  return from
}

/** What live stores sold, by hour of event time and by when the log knew it, in all that hours of (from, to] look at. */
async function readSold(
  transaction: Transaction,
  { from, to }: { from: Instant; to: Instant },
): Promise<SoldUnits[]> {
  const first = from - (MOST_RULE_HOURS - 1) * HOUR_MS
  return transaction<SoldUnits[]>`
    select store, sku, hour, "knownAt", sum(units)::bigint as units
    from (
      select e.store, line.sku, line.units * case e.type when 'order.placed' then 1 else -1 end as units,
        to_timestamp(ceil(extract(epoch from e.event_time) / 3600) * 3600) as hour,
        to_timestamp(ceil((extract(epoch from e.appended_at) - ${HOUR_KNOWN_AFTER_MS / 1_000}::integer) / 3600) * 3600)
          as "knownAt"
      from log.event_log e
      cross join lateral unnest(e.skus, e.units) as line(sku, units)
      where e.appended_at > ${first - AHEAD_MS} and e.appended_at <= ${to + HOUR_KNOWN_AFTER_MS}
        and e.event_time > ${first} and e.event_time <= ${to}
        and e.type in ('order.placed', 'order.voided') and e.class = 'live' and log.why_indigestible(e) is null
    ) sold
    group by 1, 2, 3, 4`
}

/** Days that the log has taken in whole are added up once. */
async function fillDays(transaction: Transaction, through: BusinessDay): Promise<void> {
  await transaction`
    insert into batch.product_days (appended_on, store, sku, units)
    select (e.appended_at at time zone 'UTC')::date, e.store, line.sku,
      sum(line.units * case e.type when 'order.placed' then 1 else -1 end)
    from log.event_log e
    cross join lateral unnest(e.skus, e.units) as line(sku, units)
    where e.appended_at >= ((select days_through from batch.rule_progress) + 1)::timestamp at time zone 'UTC'
      and e.appended_at < (${through}::date + 1)::timestamp at time zone 'UTC'
      and e.type in ('order.placed', 'order.voided') and e.class = 'live' and log.why_indigestible(e) is null
    group by 1, 2, 3`
  await transaction`
    update batch.rule_progress set days_through = ${through} where days_through < ${through}::date`
  await transaction`delete from batch.product_days where appended_on <= ${through}::date - ${PRODUCT_HABIT_DAYS}::integer`
}

/** Units of products on the days up to one, a store's days without any included. */
async function readDays(
  transaction: Transaction,
  through: BusinessDay,
  skus: readonly string[],
): Promise<(store: string, sku: string) => readonly number[] | null> {
  if (skus.length === 0) return () => null
  const stores = await transaction<{ store: string; days: number }[]>`
    select store, count(distinct appended_on)::integer as days from batch.product_days
    where appended_on <= ${through} group by store`
  const rows = await transaction<{ store: string; sku: string; units: number[] }[]>`
    select store, sku, array_agg(units::double precision order by appended_on) as units from batch.product_days
    where appended_on <= ${through} and sku = any(${[...skus]}::text[]) group by store, sku`
  const daysByStore = new Map(stores.map(({ store, days }) => [store, days]))
  const unitsByKey = new Map(rows.map(({ store, sku, units }) => [`${store}\u001f${sku}`, units]))
  return (store, sku) => {
    const days = daysByStore.get(store) ?? 0
    if (days < LEAST_PRODUCT_DAYS) return null
    const units = unitsByKey.get(`${store}\u001f${sku}`) ?? []
    return [...units, ...Array.from({ length: days - units.length }, () => 0)]
  }
}

/** Episodes that last, or that something may still belong to. */
async function readEpisodes(
  transaction: Transaction,
  rules: readonly AnyHourlyRule[],
  from: Instant,
): Promise<BatchAlert[]> {
  const rows = await transaction<BatchAlert[]>`
    select alert_id as "alertId", kind, rule, rule_version as "ruleVersion", store, register, subject, severity, score,
      state, opened_at as "openedAt", amended_at as "amendedAt", resolved_at as "resolvedAt",
      evidence ->> 'summary' as summary, evidence -> 'figures' as figures, evidence -> 'receipts' as receipts
    from batch.alerts
    where rule = any(${rules.map(({ name }) => name)}::text[])
      and (state = 'open' or amended_at >= ${from - DAY_MS})`
  return [...rows]
}
