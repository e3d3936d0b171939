import type { Sql } from '#db/client.ts'
import { loadStores } from '#db/stores.ts'
import type { Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { lastDayOf } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import type { ReportRule } from './facts.ts'
import {
  type CurrentRun,
  type DayHead,
  type FailedAttempts,
  type PlannerFacts,
  type StoreFacts,
  slotKey,
  type TillReport,
} from './facts.ts'
import {
  categoriesFingerprint,
  findMonthsInRange,
  findOpenMonths,
  type StoreMonth,
  WEEK_REACH_DAYS,
} from './find-open-months.ts'

import type { Wanted } from './plan.ts'
import { MAX_CARRIED_DAYS } from './store-days.ts'

/** How far back days decide about later ones: stock that is carried over, habits of tills and journals. */
const REACH_BACK_DAYS = MAX_CARRIED_DAYS + WEEK_REACH_DAYS

/**
 * Reads what a plan is decided from, at one moment. Of a store it reads the months in which anything may
 * have to run (a rough look, that leaves out what is certainly settled) and as much around them as judging
 * those needs. What is due, the planner decides.
 */
export async function loadFacts(
  sql: Sql,
  request: {
    basis: readonly Position[]
    rules: readonly ReportRule[]
    wanted: Wanted
    /** Only stores of these, and those that are on none; null: all. */
    partitions?: ReadonlySet<number> | null
  },
): Promise<PlannerFacts> {
  const { basis, rules, wanted, partitions = null } = request
  return sql.begin('isolation level repeatable read read only', async reading => {
    const months = await findOpenMonths(reading, rules)
    if (wanted.kind === 'range') months.push(...(await findMonthsInRange(reading, wanted)))
    const known = new Map((await loadStores(reading)).map(store => [store.id, store]))
    const isAsked = (store: string) => {
      const partition = known.get(store)?.partition
      return partitions === null || partition === undefined || partitions.has(partition)
    }
    const scopes = joinMonths(months).filter(({ store }) => isAsked(store))
    const regions = await findRegions(reading, scopes)
    const [references, heads, tills, rateChanges, anchors, changes, closed, runs, failures] =
      await Promise.all([
        readReferences(reading),
        readHeads(reading, regions),
        readTillReports(reading, regions),
        readRateChanges(reading, regions),
        readStockAnchors(reading),
        readStoreChanges(reading, regions),
        readClosedDays(reading, regions),
        readCurrentRuns(reading, regions),
        readFailures(reading),
      ])
    const facts = regions.flatMap((region): StoreFacts[] => {
      const { store } = region
      const properties = known.get(store)
      if (!properties) return []
      return [
        {
          store,
          partition: properties.partition,
          versions: properties.versions,
          scope: { from: region.scopeFrom, to: region.scopeTo },
          heads: new Map((heads.get(store) ?? []).map(row => [row.businessDay, row])),
          tillReports: tills.get(store) ?? [],
          stockKnownFrom: anchors.get(store) ?? null,
          rateChanges: new Map((rateChanges.get(store) ?? []).map(row => [row.businessDay, row.change])),
          storeChanges: new Set((changes.get(store) ?? []).map(row => slotKey(row.job, row.period))),
          closedDays: new Set((closed.get(store) ?? []).map(row => row.businessDay)),
          runs: new Map((runs.get(store) ?? []).map(row => [slotKey(row.job, row.period), row])),
          failures: new Map((failures.get(store) ?? []).map(row => [slotKey(row.job, row.period), row])),
        },
      ]
    })
    const unknownStores = regions.map(region => region.store).filter(store => !known.has(store))
    return { basis, references, stores: facts, unknownStores }
  })
}

interface Scope {
  store: string
  scopeFrom: BusinessDay
  scopeTo: BusinessDay
}

/** One stretch of whole months a store: chains of days run through the months between. */
function joinMonths(months: readonly StoreMonth[]): Scope[] {
  const scopes = new Map<string, Scope>()
  for (const { store, month } of months) {
    const end = lastDayOf('month', month)
    const scope = scopes.get(store)
    if (!scope) scopes.set(store, { store, scopeFrom: month, scopeTo: end })
    else {
      if (month < scope.scopeFrom) scope.scopeFrom = month
      if (end > scope.scopeTo) scope.scopeTo = end
    }
  }
  return [...scopes.values()].sort((a, b) => (a.store < b.store ? -1 : 1))
}

interface Region extends Scope {
  /** First and last day of which facts are read. */
  from: BusinessDay
  to: BusinessDay
}

/** Widens scopes: always to the nearest day with events on either side, so that no chain begins in the middle. */
async function findRegions(reading: Transaction, scopes: readonly Scope[]): Promise<Region[]> {
  if (scopes.length === 0) return []
  const rows = await reading<Region[]>`
    select store, scope_from as "scopeFrom", scope_to as "scopeTo",
      coalesce((
        select max(h.business_day) from batch.day_head h
        where h.store = scope.store and h.business_day < scope_from - ${REACH_BACK_DAYS}::integer
      ), scope_from - ${REACH_BACK_DAYS}::integer) as "from",
      coalesce((
        select min(h.business_day) from batch.day_head h
        where h.store = scope.store and h.business_day > scope_to + ${WEEK_REACH_DAYS}::integer
      ), scope_to + ${WEEK_REACH_DAYS}::integer) as "to"
    from unnest(
      ${scopes.map(scope => scope.store)}::text[], ${scopes.map(scope => scope.scopeFrom)}::date[],
      ${scopes.map(scope => scope.scopeTo)}::date[]
    ) as scope(store, scope_from, scope_to)`
  return [...rows]
}

function regionTable(reading: Transaction, regions: readonly Region[]) {
  return reading`unnest(
    ${regions.map(region => region.store)}::text[], ${regions.map(region => region.from)}::date[],
    ${regions.map(region => region.to)}::date[]
  ) as region(store, from_day, to_day)`
}

async function readReferences(reading: Transaction): Promise<PlannerFacts['references']> {
  const [row] = await reading<{ categories: string }[]>`
    select ${categoriesFingerprint(reading)} as categories`
  return { categories: row?.categories ?? '' }
}

async function readHeads(reading: Transaction, regions: readonly Region[]) {
  const rows = await reading<(DayHead & { store: string; businessDay: BusinessDay })[]>`
    select h.store, h.business_day as "businessDay", h.last_offset as "lastOffset", h.events,
      h.bulk_events as "bulkEvents", h.documents, h.append_days as "appendDays"
    from ${regionTable(reading, regions)}
    join batch.day_head h on h.store = region.store and h.business_day between region.from_day and region.to_day
    order by h.store, h.business_day`
  return byStore(rows)
}

async function readTillReports(reading: Transaction, regions: readonly Region[]) {
  const rows = await reading<(TillReport & { store: string })[]>`
    select t.store, t.business_day as "businessDay", t.register, t.last_offset as "lastOffset",
      t.append_days as "appendDays"
    from ${regionTable(reading, regions)}
    join batch.till_head t on t.store = region.store and t.business_day between region.from_day and region.to_day
    order by t.store, t.business_day`
  return byStore(rows)
}

/** By store, the business day of its first receipt or count, however long ago. */
async function readStockAnchors(reading: Transaction): Promise<Map<string, BusinessDay>> {
  const rows = await reading<{ store: string; first: BusinessDay }[]>`
    select store, min(business_day) as first from batch.day_head where stock_anchors > 0 group by store`
  return new Map(rows.map(row => [row.store, row.first]))
}

async function readRateChanges(reading: Transaction, regions: readonly Region[]) {
  const rows = await reading<{ store: string; businessDay: BusinessDay; change: string }[]>`
    select c.store, c.business_day as "businessDay",
      string_agg(distinct format('exchange rate %s → %s: %s → %s', c.currency, c.reporting_currency,
        case when c.old_reporting_currency = c.reporting_currency then coalesce(trim_scale(c.old_rate)::text, 'none')
          else 'of ' || c.old_reporting_currency end,
        coalesce(trim_scale(c.rate)::text, 'none')), '; ') as change
    from ${regionTable(reading, regions)}
    join batch.rate_changes c on c.store = region.store and c.business_day between region.from_day and region.to_day
    group by c.store, c.business_day`
  return byStore(rows)
}

async function readStoreChanges(reading: Transaction, regions: readonly Region[]) {
  const rows = await reading<{ store: string; job: string; period: BusinessDay }[]>`
    select c.store, c.job, c.period
    from ${regionTable(reading, regions)}
    join batch.store_changes c on c.store = region.store
      and c.period between date_trunc('month', region.from_day)::date and region.to_day`
  return byStore(rows)
}

async function readClosedDays(reading: Transaction, regions: readonly Region[]) {
  const rows = await reading<{ store: string; businessDay: BusinessDay }[]>`
    select d.store, d.business_day as "businessDay"
    from ${regionTable(reading, regions)}
    join batch.closed_days d on d.store = region.store and d.business_day between region.from_day and region.to_day`
  return byStore(rows)
}

async function readCurrentRuns(reading: Transaction, regions: readonly Region[]) {
  const rows = await reading<(CurrentRun & { store: string; job: string; period: BusinessDay })[]>`
    select c.store, c.job, c.period, c.run_id as "runId", c.code_version as "codeVersion",
      c.rules_version as "rulesVersion", c.through_offset as "throughOffset", c.checksum, c.inputs
    from ${regionTable(reading, regions)}
    join batch.current_runs c on c.store = region.store
      and c.period between date_trunc('month', region.from_day)::date - ${WEEK_REACH_DAYS}::integer and region.to_day`
  return byStore(rows)
}

async function readFailures(reading: Transaction) {
  const rows = await reading<
    (FailedAttempts & { store: string; job: string; period: BusinessDay; lastAt: Instant })[]
  >`
    select r.store, r.job, r.period, (array_agg(r.code_version order by r.run_id desc))[1] as "codeVersion",
      count(*) as count, max(r.finished_at) as "lastAt"
    from batch.runs r
    left join batch.current_runs c on c.job = r.job and c.store = r.store and c.period = r.period
    where r.started_at > now() - interval '1 day' and r.state = 'failed' and r.trigger = 'schedule'
      and r.run_id > coalesce(c.run_id, 0)
    group by r.store, r.job, r.period`
  return byStore(rows)
}

function byStore<Row extends { store: string }>(rows: Iterable<Row>): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.store)
    if (group) group.push(row)
    else groups.set(row.store, [row])
  }
  return groups
}
