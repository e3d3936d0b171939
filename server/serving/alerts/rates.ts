import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'
import type { AlertKind } from '#domain/operators/alert.ts'
import { inStores } from '#server/serving/scope.ts'
import { isoOf } from './alerts.ts'

/** What a rule raised, and what people said of it. */
interface Rates {
  rule: string
  kind: AlertKind
  raised: number
  /** Confirmed and false: what precision is of. Unsure is neither. */
  judged: number
  confirmed: number
  falseAlarms: number
  unsure: number
  /** confirmed / judged; null while nobody has judged any. */
  precision: number | null
  /** False alarms per store and week of the range. */
  falsePerStoreWeek: number | null
}

interface StoreWeek {
  rule: string
  store: string
  /** Its Monday, UTC. */
  week: BusinessDay
  raised: number
  confirmed: number
  falseAlarms: number
}

interface AlertRates {
  rules: Rates[]
  /** The newest weeks first. */
  storeWeeks: StoreWeek[]
  /** There are more of them than are listed. */
  isCut: boolean
  stores: number
  weeks: number
}

/** Rows of rule, store and week that one answer lists. */
const MOST_STORE_WEEKS = 500
const WEEK_MS = 7 * DAY_MS

/** How often each rule was right, as far as people have said. @param to exclusive */
export async function readAlertRates(
  sql: Sql,
  { stores, from, to }: { stores: readonly string[]; from: Instant; to: Instant },
): Promise<AlertRates> {
  return readSnapshot(sql, async reading => {
    const [[known], rules, storeWeeks] = await Promise.all([
      reading<{ stores: number }[]>`
        select count(*)::int4 as stores from ref.stores where true ${inStores(reading, { stores }, 'store')}`,
      reading<Omit<Rates, 'judged' | 'precision' | 'falsePerStoreWeek'>[]>`
        select a.rule, min(a.kind) as kind, ${counts(reading)}
        from reports.alerts a where ${inRange(reading, { stores, from, to })}
        group by a.rule order by raised desc, a.rule`,
      reading<StoreWeek[]>`
        select a.rule, a.store, to_char(date_trunc('week', a.opened_at at time zone 'UTC'), 'YYYY-MM-DD') as week,
          ${counts(reading)}
        from reports.alerts a where ${inRange(reading, { stores, from, to })}
        group by a.rule, a.store, week order by week desc, raised desc, a.rule, a.store
        limit ${MOST_STORE_WEEKS + 1}`,
    ])
    const weeks = (to - from) / WEEK_MS
    const storesKnown = known?.stores ?? 0
    return {
      rules: rules.map(row => {
        const judged = row.confirmed + row.falseAlarms
        return {
          ...row,
          judged,
          precision: judged > 0 ? row.confirmed / judged : null,
          falsePerStoreWeek: storesKnown > 0 && weeks > 0 ? row.falseAlarms / (storesKnown * weeks) : null,
        }
      }),
      storeWeeks: storeWeeks.slice(0, MOST_STORE_WEEKS),
      isCut: storeWeeks.length > MOST_STORE_WEEKS,
      stores: storesKnown,
      weeks,
    }
  })
}

function counts(reading: Reading) {
  return reading`count(*)::int4 as raised, count(*) filter (where a.verdict = 'fraud')::int4 as confirmed,
    count(*) filter (where a.verdict = 'false')::int4 as "falseAlarms",
    count(*) filter (where a.verdict = 'unsure')::int4 as unsure`
}

function inRange(
  reading: Reading,
  { stores, from, to }: { stores: readonly string[]; from: Instant; to: Instant },
) {
  return reading`a.opened_at >= ${isoOf(from)}::timestamptz and a.opened_at < ${isoOf(to)}::timestamptz
    ${inStores(reading, { stores }, 'a.store')}`
}
