import type { Sql } from '#db/client.ts'
import { readUnusualSpeeds } from '#db/demo-speed.ts'
import { loadStores } from '#db/stores.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { businessDayOf, businessDaySpan, type Calendar, sameLocalTime, zoneOn } from '#domain/business-day.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { furthestSpeed } from '#domain/demo-speed.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { storeAt } from '#domain/store.ts'
import { windowStartOf } from '#domain/window.ts'
import { readLag, readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { type KnownStock, readKnownStock } from '#server/serving/restock/known-stock.ts'
import { standOf } from './stand.ts'

/** Windows younger than this the live socket tells: it holds two hours, and an answer is used for a while. */
const TOLD_LIVE_MS = 90 * MINUTE_MS
/** Of the like moment a week ago: as many minutes before it. */
const COMPARED_MINUTES = 15
/** A store that sold around this time of day before is open at it. */
const AROUND_MS = 30 * MINUTE_MS

/** A store's day so far in one currency, without the windows that the live socket tells. */
interface BoardSales {
  store: string
  currency: string
  /** Of today's windows that began before `settledBefore`. */
  settledNet: string
  settledOrders: number
  /** Of the like day a week ago, up to the like moment; what a journal store has not sent yet is left out there too. Zero where that day is not on file. */
  weekAgoNet: string
  weekAgoOrders: number
  /** Of the 15 full minutes before the like moment a week ago. */
  weekAgoMinutesNet: string
}

interface BoardStore {
  store: string
  businessDay: BusinessDay
  /** Windows of today begin at or after it. */
  dayStart: Instant
  /** Start of the newest window with anything in it; null: never sold. */
  lastWindowStart: Instant | null
  /** Whether the log holds anything of it of the like day a week ago: without, there is nothing to compare with. */
  isWeekAgoOnFile: boolean
  /** Whether it sold around this time of day one or two weeks ago; null: there is nothing that old. */
  usuallyOpen: boolean | null
}

/** What the live page needs beside what the socket pushes: what is older than two hours, and comparisons. */
export interface LiveBoard {
  now: Instant
  /** The moment the days are compared at: up to it the stream's figures are known. */
  knownUpTo: Instant
  basis: StreamBasis
  settledBefore: Instant
  /** Of the stores in scope. */
  stock: KnownStock
  /** How fast the demo's shops traded, where not as their history did: at any time today, and in what the last minutes are compared by; else 1. */
  demoSpeeds: { today: number; minutes: number }
  stores: BoardStore[]
  sales: BoardSales[]
}

type StoreAtWork = { store: string; input: 'live' | 'journal'; clock: StoreClock }

/**
 * The day so far of every store in scope, and of the like day a week ago. Only windows are read, by store and
 * day, so it costs the same whatever the history holds.
 * @param stores ids; empty for all
 */
export async function readLiveBoard(sql: Sql, stores: readonly string[]): Promise<LiveBoard> {
  return readSnapshot(sql, async reading => {
    const stand = await readStreamStand(reading)
    const { now, basis } = stand
    const { generation } = basis
    const settledBefore = windowStartOf(now) - TOLD_LIVE_MS
    // A stream that is behind has less of today: it is held against as much of the day a week ago.
    const { knownUpTo } = standOf(stand, await readLag(reading, stand.positions))
    const atWork = await readStores(reading, stores, knownUpTo)
    const begin = Math.min(now, ...atWork.map(({ clock }) => clock.dayStart))
    const [today, lastWindows, habits, onFile, stock, speeds] = await Promise.all([
      readToday(reading, { atWork, generation, settledBefore }),
      readLastWindows(reading, atWork, generation),
      readHabits(reading, atWork, generation),
      readWeekAgoOnFile(reading, atWork, generation),
      readKnownStock(reading, { generation, stores }),
      readUnusualSpeeds(reading, { from: begin, to: now }),
    ])
    const speedSince = (from: Instant) =>
      furthestSpeed(speeds.flatMap(({ to, speed }) => (to > from ? [speed] : [])))
    const weekAgo = await readWeekAgo(reading, {
      generation,
      compared: atWork.map(entry => comparedSpan(entry, lastWindows.get(entry.store) ?? null)),
    })
    return {
      now,
      knownUpTo,
      basis,
      settledBefore,
      stock,
      demoSpeeds: { today: speedSince(begin), minutes: speedSince(now - (COMPARED_MINUTES + 1) * MINUTE_MS) },
      stores: atWork.map(({ store, clock }) => ({
        store,
        businessDay: clock.businessDay,
        dayStart: clock.dayStart,
        lastWindowStart: lastWindows.get(store) ?? null,
        isWeekAgoOnFile: onFile.has(store),
        usuallyOpen: habits.get(store) ?? null,
      })),
      sales: joinSales(today, weekAgo),
    }
  })
}

async function readStores(reading: Reading, stores: readonly string[], now: Instant): Promise<StoreAtWork[]> {
  const known = await loadStores(reading)
  return known
    .filter(({ id }) => stores.length === 0 || stores.includes(id))
    .sort((one, other) => one.name.localeCompare(other.name) || one.id.localeCompare(other.id))
    .map(({ id, versions }) => ({
      store: id,
      input: storeAt({ versions }, now).input,
      clock: storeClockOf(now, versions),
    }))
}

type TodayRow = { store: string; currency: string; net: string; orders: number }

async function readToday(
  reading: Reading,
  {
    atWork,
    generation,
    settledBefore,
  }: { atWork: readonly StoreAtWork[]; generation: number; settledBefore: Instant },
): Promise<TodayRow[]> {
  return reading<TodayRow[]>`
    select w.store, w.currency, sum(w.gross - w.discounts - w.returns)::text as net,
      sum(w.orders)::int8 as orders
    from unnest(${atWork.map(({ store }) => store)}::text[], ${atWork.map(({ clock }) => clock.businessDay)}::text[]::date[])
      as today(store, day)
    join stream.windows w on w.generation = ${generation} and w.business_day = today.day
      and w.store = today.store and w.window_start < ${settledBefore}
    group by w.store, w.currency`
}

/** One step into the key of the windows for each store. */
async function readLastWindows(
  reading: Reading,
  atWork: readonly StoreAtWork[],
  generation: number,
): Promise<Map<string, Instant>> {
  const rows = await reading<{ store: string; windowStart: Instant }[]>`
    select s.store, w.window_start as "windowStart"
    from unnest(${atWork.map(({ store }) => store)}::text[]) as s(store)
    cross join lateral (
      select window_start from stream.windows
      where generation = ${generation} and store = s.store
      order by window_start desc limit 1
    ) w`
  return new Map(rows.map(row => [row.store, row.windowStart]))
}

/** The stores of which anything of the like day a week ago is in the windows. */
async function readWeekAgoOnFile(
  reading: Reading,
  atWork: readonly StoreAtWork[],
  generation: number,
): Promise<ReadonlySet<string>> {
  const rows = await reading<{ store: string }[]>`
    select s.store
    from unnest(
      ${atWork.map(({ store }) => store)}::text[],
      ${atWork.map(({ clock }) => clock.weekAgo.businessDay)}::text[]::date[]
    ) as s(store, day)
    where exists (
      select from stream.windows w
      where w.generation = ${generation} and w.business_day = s.day and w.store = s.store
    )`
  return new Set(rows.map(({ store }) => store))
}

/** Whether each store sold around this time of day before. Shops have no opening hours on file: their habits tell. */
async function readHabits(
  reading: Reading,
  atWork: readonly StoreAtWork[],
  generation: number,
): Promise<Map<string, boolean | null>> {
  const instants = (moments: Instant[]) => moments.map(moment => new Date(moment).toISOString())
  const rows = await reading<{ store: string; soldThen: boolean; isOldEnough: boolean }[]>`
    select s.store,
      exists (
        select from stream.windows w, unnest(array[s.week_ago, s.two_weeks_ago]) as around(moment)
        where w.generation = ${generation} and w.store = s.store
          and w.window_start >= around.moment - ${AROUND_MS}::float8 * interval '1 millisecond'
          and w.window_start < around.moment + ${AROUND_MS}::float8 * interval '1 millisecond'
      ) as "soldThen",
      exists (
        select from stream.windows w
        where w.generation = ${generation} and w.store = s.store and w.window_start < s.week_ago
      ) as "isOldEnough"
    from unnest(
      ${atWork.map(({ store }) => store)}::text[],
      ${instants(atWork.map(({ clock }) => clock.weekAgo.moment))}::text[]::timestamptz[],
      ${instants(atWork.map(({ clock }) => clock.twoWeeksAgo.moment))}::text[]::timestamptz[]
    ) as s(store, week_ago, two_weeks_ago)`
  return new Map(rows.map(row => [row.store, row.isOldEnough ? row.soldThen : null]))
}

interface ComparedSpan {
  store: string
  day: BusinessDay
  /** Windows that began before it count. */
  before: Instant
}

/**
 * What of the like day a week ago is compared. A store that sends its day in a file is compared as far as its
 * file of today goes: else every morning of it would look like a collapse.
 */
function comparedSpan({ store, input, clock }: StoreAtWork, lastWindowStart: Instant | null): ComparedSpan {
  const { businessDay, dayStart, moment } = clock.weekAgo
  if (input === 'live') return { store, day: businessDay, before: moment }
  const sent = lastWindowStart === null ? 0 : lastWindowStart + MINUTE_MS - clock.dayStart
  return { store, day: businessDay, before: Math.min(moment, dayStart + Math.max(0, sent)) }
}

type WeekAgoRow = TodayRow & { minutesNet: string }

async function readWeekAgo(
  reading: Reading,
  { generation, compared }: { generation: number; compared: readonly ComparedSpan[] },
): Promise<WeekAgoRow[]> {
  return reading<WeekAgoRow[]>`
    select w.store, w.currency, sum(w.gross - w.discounts - w.returns)::text as net,
      sum(w.orders)::int8 as orders,
      coalesce(sum(w.gross - w.discounts - w.returns) filter (
        where w.window_start >= date_trunc('minute', s.before) - ${COMPARED_MINUTES}::float8 * interval '1 minute'
          and w.window_start < date_trunc('minute', s.before)
      ), 0)::text as "minutesNet"
    from unnest(
      ${compared.map(({ store }) => store)}::text[],
      ${compared.map(({ day }) => day)}::text[]::date[],
      ${compared.map(({ before }) => new Date(before).toISOString())}::text[]::timestamptz[]
    ) as s(store, day, before)
    join stream.windows w on w.generation = ${generation} and w.business_day = s.day and w.store = s.store
      and w.window_start < s.before
    group by w.store, w.currency`
}

function joinSales(today: readonly TodayRow[], weekAgo: readonly WeekAgoRow[]): BoardSales[] {
  const sales = new Map<string, BoardSales>()
  const of = ({ store, currency }: { store: string; currency: string }): BoardSales => {
    const known = sales.get(`${store} ${currency}`)
    if (known) return known
    const zero = formatAmount(0)
    const entry: BoardSales = {
      store,
      currency,
      settledNet: zero,
      settledOrders: 0,
      weekAgoNet: zero,
      weekAgoOrders: 0,
      weekAgoMinutesNet: zero,
    }
    sales.set(`${store} ${currency}`, entry)
    return entry
  }
  for (const row of today) {
    Object.assign(of(row), { settledNet: formatAmount(row.net), settledOrders: row.orders })
  }
  for (const row of weekAgo) {
    Object.assign(of(row), {
      weekAgoNet: formatAmount(row.net),
      weekAgoOrders: row.orders,
      weekAgoMinutesNet: formatAmount(row.minutesNet),
    })
  }
  return [...sales.values()]
}

/** Where a store stands in its day, and where it stood at the same local time one and two weeks ago. */
interface StoreClock {
  businessDay: BusinessDay
  /** When that day began: its cut-over. */
  dayStart: Instant
  weekAgo: { businessDay: BusinessDay; dayStart: Instant; moment: Instant }
  twoWeeksAgo: { moment: Instant }
}

/**
 * The business day of a store at a moment, and the like moment of the same weekday before: the same time on the
 * store's own clocks, so that a clock change in between shifts nothing; never outside that day.
 */
export function storeClockOf(now: Instant, calendar: Calendar): StoreClock {
  const businessDay = businessDayOf(now, calendar)
  const { start } = businessDaySpan(businessDay, calendar)
  const likeMoment = (days: number) => {
    const before = addDays(businessDay, -days)
    const span = businessDaySpan(before, calendar)
    const moment = sameLocalTime(now, -days, zoneOn(businessDay, calendar), zoneOn(before, calendar))
    return {
      businessDay: before,
      dayStart: span.start,
      moment: Math.min(Math.max(moment, span.start), span.end),
    }
  }
  return {
    businessDay,
    dayStart: start,
    weekAgo: likeMoment(7),
    twoWeeksAgo: { moment: likeMoment(14).moment },
  }
}
