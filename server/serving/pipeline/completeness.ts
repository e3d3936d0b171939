import { type Reading, readSnapshot } from '#db/transaction.ts'
import { addDays, type BusinessDay } from '#domain/business-day.ts'
import { formatAmount } from '#domain/money.ts'
import type { Serving } from '#server/serving/serving.ts'

/** open: the day goes on, so its tills have not reported yet. */
export type CompletenessState = 'complete' | 'missing' | 'different' | 'awaiting journal' | 'open'

/** A register's own total of a day (Z report) against the log. */
export interface RegisterDay {
  register: string
  businessDay: BusinessDay
  state: CompletenessState
  currency: string | null
  /** Null: no Z report. */
  zOrders: number | null
  zNet: string | null
  logOrders: number
  logNet: string
  runId: number
}

export interface StoreCompleteness {
  store: string
  name: string
  /** By day and register; days without an entry have nothing to compare, or no run yet. */
  registers: RegisterDay[]
}

export interface Completeness {
  /** Oldest first. */
  days: BusinessDay[]
  stores: StoreCompleteness[]
}

const SHOWN_DAYS = 14

type Row = RegisterDay & { store: string; name: string }

/** The log against the tills' own totals, per store, register and day. */
export async function readCompleteness({ sql }: Pick<Serving, 'sql'>): Promise<Completeness> {
  return readSnapshot(sql, async reading => {
    const [extent] = await reading<{ newest: BusinessDay | null }[]>`
      select max(period) as newest from batch.current_runs where job = 'completeness'`
    if (!extent?.newest) return { days: [], stores: [] }
    const { newest } = extent
    const days = Array.from({ length: SHOWN_DAYS }, (_, index) => addDays(newest, index + 1 - SHOWN_DAYS))
    const rows = await readRows(reading, days[0] ?? newest)
    return { days, stores: byStore(rows) }
  })
}

async function readRows(reading: Reading, from: BusinessDay): Promise<Row[]> {
  return reading<Row[]>`
    select c.store, s.name, c.register, c.business_day as "businessDay", c.currency,
      case
        when c.state <> 'complete'
          and clock_timestamp() < ((c.business_day + 1) + make_interval(hours => s.cut_over_hour)) at time zone s.zone
        then 'open' else c.state
      end as state,
      c.z_orders as "zOrders", c.z_net::text as "zNet", c.log_orders as "logOrders", c.log_net::text as "logNet",
      r.run_id as "runId"
    from ref.stores s
    join batch.completeness c on c.store = s.store and c.business_day >= ${from}
    join batch.current_runs r on r.job = 'completeness' and r.store = c.store and r.period = c.business_day
    order by s.name, c.register, c.business_day`
}

function byStore(rows: readonly Row[]): StoreCompleteness[] {
  const stores = new Map<string, StoreCompleteness>()
  for (const { store, name, ...row } of rows) {
    const entry = stores.get(store) ?? { store, name, registers: [] }
    entry.registers.push({
      ...row,
      zNet: row.zNet === null ? null : formatAmount(row.zNet),
      logNet: formatAmount(row.logNet),
    })
    stores.set(store, entry)
  }
  return [...stores.values()]
}
