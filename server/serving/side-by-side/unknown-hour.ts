import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { inStores, type SideBySideScope } from '#server/serving/scope.ts'
import { scanFrom, type Vector } from './vector.ts'

/** Sums of an hour, in whole numbers: money in 1/10,000. */
export type HourSums = Record<'orders' | 'units' | 'gross' | 'discounts' | 'returns', bigint>

/** Sales that are known by their date alone, by the instant under which they are kept. */
export interface UndatedSums {
  at: Instant
  sums: HourSums
}

type Row = Record<keyof HourSums, string> & { at: Instant }

/**
 * Sales of a day whose hour nobody knows: its files say the date alone. Both paths keep them under the middle of the
 * business day, which is a place and no hour. The batch path says so in its rows; of the stream, whose minutes do not
 * tell, it follows from those rows and the events that only one of the paths has read.
 */
export async function readUndated(
  reading: Reading,
  scope: SideBySideScope,
  vector: Vector,
): Promise<{ batch: UndatedSums[]; stream: UndatedSums[] }> {
  const inScope = (column: string) => inStores(reading, scope, column)
  const [rows, runs] = await Promise.all([
    reading<Row[]>`
      select hour_start as at, sum(orders)::text as orders, sum(units)::text as units, sum(gross)::text as gross,
        sum(discounts)::text as discounts, sum(returns)::text as returns
      from batch.hourly_sales
      where business_day = ${scope.from} and currency = ${scope.currency} and not hour_known ${inScope('store')}
      group by hour_start`,
    reading<{ store: string; through: number; appendedAt: Instant }[]>`
      select store, through_offset as through, through_appended_at as "appendedAt" from batch.current_runs
      where job = 'hourly_sales' and period = ${scope.from} ${inScope('store')}`,
  ])
  const from = scanFrom(hourlyVector(vector, runs), scope.from)
  const unshared = await reading<Row[]>`
    select e.event_time as at, sum(side.sign * e.orders)::text as orders, sum(side.sign * e.units)::text as units,
      sum(side.sign * e.gross)::text as gross, sum(side.sign * e.discounts)::text as discounts,
      sum(side.sign * e.returns)::text as returns
    from log.sales e
    left join batch.current_runs r on r.job = 'hourly_sales' and r.store = e.store and r.period = e.business_day
    left join stream.checkpoints c on c.generation = ${vector.basis.generation} and c.partition = e.partition
    cross join lateral (
      select (e."offset" <= coalesce(c."offset", 0))::integer - (e."offset" <= coalesce(r.through_offset, 0))::integer as sign
    ) side
    where e.partition = any(${vector.stream.map(position => position.partition)})
      and e.appended_at >= ${from} and e.business_day = ${scope.from} and e.currency = ${scope.currency}
      and e.details -> 'dateOnly' is not null and side.sign <> 0 ${inScope('e.store')}
    group by e.event_time`
  const batch = rows.map(toUndated)
  return { batch, stream: [...batch, ...unshared.map(toUndated)] }
}

/** The vector with what hourly runs have read in the place of daily ones: they come more often. */
function hourlyVector(
  vector: Vector,
  runs: readonly { store: string; through: number; appendedAt: Instant }[],
): Vector {
  const byStore = new Map(runs.map(run => [run.store, run]))
  return {
    ...vector,
    runs: vector.runs.map(run => {
      const hourly = byStore.get(run.store)
      return {
        ...run,
        through: hourly?.through ?? 0,
        throughAppendedAt: hourly?.appendedAt ?? 0,
      }
    }),
  }
}

function toUndated({ at, orders, units, gross, discounts, returns }: Row): UndatedSums {
  return {
    at,
    sums: {
      orders: BigInt(orders),
      units: BigInt(units),
      gross: BigInt(gross),
      discounts: BigInt(discounts),
      returns: BigInt(returns),
    },
  }
}

export const NO_SUMS: Readonly<HourSums> = { orders: 0n, units: 0n, gross: 0n, discounts: 0n, returns: 0n }

/** @param sign 1 adds, −1 takes away */
export function addSums(to: HourSums, sums: HourSums, sign: 1n | -1n): HourSums {
  return {
    orders: to.orders + sign * sums.orders,
    units: to.units + sign * sums.units,
    gross: to.gross + sign * sums.gross,
    discounts: to.discounts + sign * sums.discounts,
    returns: to.returns + sign * sums.returns,
  }
}
