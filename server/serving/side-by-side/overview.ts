import type { Sql } from '#db/client.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { type MutedProducts, readMutedProducts } from '#server/serving/purchasing/mutes.ts'
import { type Person, readPeople } from '#server/serving/purchasing/people.ts'
import type { Serving } from '#server/serving/serving.ts'

export interface StoreSummary {
  store: string
  name: string
  zone: string
  cutOverHour: number
  currency: string
  channel: 'pos' | 'online'
  input: 'live' | 'journal'
  /** Its newest business day with any event: days end at different instants in different zones. */
  lastDay: BusinessDay | null
}

/** What the page needs to choose a scope. */
export interface Overview {
  stores: StoreSummary[]
  currencies: string[]
  /** Business days with any event that a path has read, first and last; null while there is none. */
  firstDay: BusinessDay | null
  lastDay: BusinessDay | null
  /** Events that the stream has read, ticks not counted. */
  events: number
  /** Whether nothing was ever appended to the log. One that no path has read yet is not empty. */
  isLogEmpty: boolean
  /** Why the demo shows what it shows, e.g. "hourly batch runs every 2 minutes here"; null outside the demo. */
  demoNote: string | null
  /** Whether people log in here, and so can log out. */
  asksPassword: boolean
  /** Who works here; none where nobody was entered. */
  people: Person[]
  /** Shortages that nobody wants to hear of. */
  mutes: MutedProducts[]
}

interface Extent {
  firstDay: string | null
  lastDay: string | null
  events: number
  isLogEmpty: boolean
}

/** What a page needs to choose a scope: stores, currencies, first and last day with events. */
export async function readOverview(serving: Serving): Promise<Overview> {
  const { sql, demoNote, asksPassword } = serving
  const [storeRows, lastDays, currencyRows, [extent], people, mutes] = await Promise.all([
    sql<Omit<StoreSummary, 'lastDay'>[]>`
      select store, name, zone, cut_over_hour as "cutOverHour", currency, channel, input
      from ref.current_stores order by name`,
    readLastDays(sql),
    sql<{ currency: string }[]>`
      select currency
      from (
        select currency, 1 as stores from ref.current_stores
        union all
        select distinct currency, 0 from batch.daily_sales
      ) taken
      -- What one most likely wants to see comes first: the currency of the reports, then that of most stores.
      group by currency
      order by coalesce(to_jsonb(currency) = (select value from ref.settings where name = 'reporting_currency'), false) desc,
        sum(stores) desc, currency`,
    sql<Extent[]>`
      with active as (select generation from stream.active_generation),
      -- One step into an index each: an aggregate over the windows would read them all.
      streamed as (
        select
          (select w.business_day from stream.windows w where w.generation = active.generation
            order by w.business_day limit 1) as first_day,
          (select w.business_day from stream.windows w where w.generation = active.generation
            order by w.business_day desc limit 1) as last_day
        from active
      ),
      planned as (
        select min(business_day) as first_day, max(business_day) as last_day from batch.day_head
      ),
      counted as (
        select coalesce(sum(c.events), 0)::int8 as events from stream.checkpoints c join active using (generation)
      ),
      appended as (
        select coalesce(max(l."offset"), 0) = 0 as "isLogEmpty"
        from log.partitions p cross join lateral log.last_position(p.partition) l
      )
      select least(s.first_day, p.first_day) as "firstDay", greatest(s.last_day, p.last_day) as "lastDay", events,
        "isLogEmpty"
      from streamed s, planned p, counted, appended`,
    readPeople(sql),
    readMutedProducts(sql),
  ])
  return {
    stores: storeRows.map(row => ({ ...row, lastDay: lastDays.get(row.store) ?? null })),
    currencies: currencyRows.map(row => row.currency),
    firstDay: extent?.firstDay ?? null,
    lastDay: extent?.lastDay ?? null,
    events: extent?.events ?? 0,
    isLogEmpty: extent?.isLogEmpty ?? false,
    demoNote,
    asksPassword,
    people,
    mutes,
  }
}

/** By store. The newest window is found by its key, so this does not grow with the history. */
async function readLastDays(sql: Sql): Promise<ReadonlyMap<string, BusinessDay | null>> {
  const rows = await sql<{ store: string; lastDay: BusinessDay | null }[]>`
    select s.store, greatest(
      (select w.business_day from stream.windows w join stream.active_generation using (generation)
        where w.store = s.store order by w.window_start desc limit 1),
      (select max(h.business_day) from batch.day_head h where h.store = s.store)
    ) as "lastDay"
    from ref.stores s`
  return new Map(rows.map(row => [row.store, row.lastDay]))
}
