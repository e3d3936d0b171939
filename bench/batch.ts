import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { connectForRuns } from '#jobs/ledger/claims.ts'
import { runWanted } from '#jobs/run/run-wanted.ts'
import { type Figure, percentile } from './figures.ts'
import {
  BUSINESS_DAY,
  createBenchWorld,
  LINES_PER_ORDER,
  loadOrders,
  writeBenchStores,
} from './load/world.ts'
import type { BenchOptions } from './options.ts'

import { onBenchPostgres } from './system/system.ts'

const benchmark = 'batch'
/** A million lines. */
const DEFAULT_ORDERS = 333_334
const ROUNDS = 3

/** A business day of a million lines made into `daily_product_sales`, beside the GROUP BY alone. */
export async function batch(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  return onBenchPostgres(async ({ url, sql }) => {
    const runs = connectForRuns(url, 'bench jobs')
    try {
      await writeBenchStores(sql, world)
      const orders = options.orders ?? DEFAULT_ORDERS
      await loadOrders(sql, world, orders)
      const lines = orders * LINES_PER_ORDER
      await rebuild(runs, 'daily_sales')
      const first = await rebuild(runs, 'daily_product_sales')
      // In turns, so that what else the machine does falls on both alike.
      const bare: number[] = []
      const again: number[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        bare.push(await groupBy(sql))
        again.push(await rebuild(runs, 'daily_product_sales'))
      }
      const groupByMs = percentile(bare.toSorted(ascending), 0.5)
      const rebuildMs = percentile(again.toSorted(ascending), 0.5)
      const count = `${Math.round(lines).toLocaleString('en')} lines`
      return [
        {
          benchmark,
          name: `bare GROUP BY of ${count}`,
          value: lines / (groupByMs / SECOND_MS),
          unit: 'lines/s',
          target: { atLeast: 3_000_000 },
        },
        {
          benchmark,
          name: `daily_product_sales, ${count}, rebuilt`,
          value: rebuildMs,
          unit: 'ms',
          beside: { name: 'bare GROUP BY', value: groupByMs },
          target: { atMost: 1.3 * groupByMs },
        },
        {
          benchmark,
          name: 'the same, its rows written for the first time',
          value: first,
          unit: 'ms',
          beside: { name: 'bare GROUP BY', value: groupByMs },
        },
      ]
    } finally {
      await runs.end({ timeout: 1 })
    }
  })
}

/** Runs a report for all stores of the day as the batch path does, ledger and checks included. @returns milliseconds */
export async function rebuild(runs: Sql, job: string): Promise<number> {
  let milliseconds = 0
  const { sets, blocked } = await runWanted(runs, {
    wanted: { kind: 'range', jobs: [job], from: BUSINESS_DAY, to: BUSINESS_DAY },
    trigger: 'manual',
    now: Date.now,
    onSet: (_, { elapsedMs }) => {
      milliseconds += elapsedMs
    },
  })
  const failed = sets.flatMap(set => set.failed)
  if (failed.length > 0 || blocked.length > 0 || sets.length === 0) {
    throw new Error(
      `${job} did not run: ${failed[0]?.error ?? blocked[0]?.waitsFor ?? 'nothing was planned'}`,
    )
  }
  return milliseconds
}

/** The aggregation alone, with the settings the batch path gives its own. @returns milliseconds */
export async function groupBy(sql: Sql): Promise<number> {
  return sql.begin(async transaction => {
    await transaction`
      select set_config('jit', 'off', true), set_config('work_mem', '64MB', true),
        set_config('parallel_setup_cost', '100', true), set_config('parallel_tuple_cost', '0.3', true)`
    const began = performance.now()
    await transaction`
      create temporary table grouped on commit drop as
      select store, business_day, channel, sku, currency, sum(units) as units, sum(units * unit_price) as gross
      from (
        select store, business_day, channel, currency, unnest(skus) as sku, unnest(units) as units,
          unnest(unit_prices) as unit_price
        from log.event_log where business_day = ${BUSINESS_DAY} and type = 'order.placed'
      ) lines
      group by store, business_day, channel, sku, currency`
    return performance.now() - began
  })
}

function ascending(left: number, right: number): number {
  return left - right
}
