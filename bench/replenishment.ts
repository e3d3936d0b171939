import { SECOND_MS } from '#domain/instant.ts'
import { runReplenishment } from '#jobs/replenishment/replenishment.ts'
import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { DAY, writeChain } from './replenishment/chain.ts'
import { liveHintFigures } from './replenishment/live-hints.ts'
import { onBenchPostgres } from './system/system.ts'

const benchmark = 'replenishment'
const NOW = Date.parse('2026-11-23T05:00:00Z')
const MOST_SECONDS = 20
/** As of when live hints are asked for: the forecasts of both nights hold. */
const LIVE_AT = Date.parse('2026-11-23T15:05:00Z')

/**
 * The nightly plan of a chain: stores × products with a history of sales by day and stock, as its reports hold it. Most
 * products sell seldom: sales follow Zipf's law, about one product-day in five. Then, over the same chain, live price hints.
 */
export async function replenishment({ plan }: BenchOptions): Promise<Figure[]> {
  return onBenchPostgres(async ({ sql }) => {
    await writeChain(sql, plan)
    const [sold] = await sql<{ rows: number }[]>`select count(*) as rows from batch.daily_product_sales`
    const timed = async (runId: number, now: number) => {
      const began = performance.now()
      const outcome = await runReplenishment(sql, { runId, now })
      return { ...outcome, seconds: (performance.now() - began) / SECOND_MS }
    }
    const first = await timed(1, NOW)
    // Another run has computed the stock of the day, and what it sold is other than the night before knew: the same plan again.
    await sql`update batch.current_runs set run_id = run_id + 1, checksum = '2' where period = ${DAY}`
    const second = await timed(2, NOW + 600 * SECOND_MS)
    const products = `${first.products.toLocaleString('en')} products of stores, ${(sold?.rows ?? 0).toLocaleString('en')} rows of sales`
    const figure = (name: string, value: number): Figure => ({
      ...{ benchmark, name, value, unit: 's' },
      target: { atMost: MOST_SECONDS },
    })
    return [
      figure(
        `first night: ${products}, ${first.forecasts} forecasts and ${first.policies} policies written`,
        first.seconds,
      ),
      figure(
        `another night: ${second.forecasts} forecasts and ${second.policies} policies written`,
        second.seconds,
      ),
      ...(await liveHintFigures(sql, LIVE_AT)),
    ]
  })
}
