import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Figure, percentile } from '#bench/figures.ts'
import type { Sql } from '#db/client.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { readLivePriceHints } from '#server/serving/prices/live-price-hints.ts'

const benchmark = 'replenishment'
const ROUNDS = 5
/** A page asks every thirty seconds, and whoever opens it waits. */
const MOST_MS = 2_000
/** In the process that also sends frames to live clients. */
const MOST_HELD_MS = 50

/**
 * What the stream's shelves say of prices (`readLivePriceHints`), of every shelf of the chain that was planned, as of an
 * instant at which all its forecasts hold: one shelf in a hundred short, one product in a hundred no longer sold.
 */
export async function liveHintFigures(sql: Sql, at: Instant): Promise<Figure[]> {
  await writeShelves(sql, at)
  const bare: number[] = []
  const answers: number[] = []
  const processor: number[] = []
  const held: number[] = []
  let found = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await elapsedMs(() => readBare(sql, at)))
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const used = process.cpuUsage()
    delay.enable()
    answers.push(
      await elapsedMs(async () => {
        found = (await readLivePriceHints(sql, { stores: [] })).hints.length
      }),
    )
    delay.disable()
    const { user, system } = process.cpuUsage(used)
    processor.push((user + system) / 1_000)
    held.push(delay.max / 1e6)
  }
  const [shelves] = await sql<{ count: number }[]>`select count(*) from stream.stock where generation = 1`
  return [
    {
      benchmark,
      name: `live price hints of ${(shelves?.count ?? 0).toLocaleString('en')} shelves: ${found} shown`,
      value: middle(answers),
      unit: 'ms',
      beside: { name: 'the same shelves with their forecasts, added up in SQL', value: middle(bare) },
      target: { atMost: MOST_MS },
    },
    { benchmark, name: '  processor of the process that answers', value: middle(processor), unit: 'ms' },
    {
      benchmark,
      name: '  longest that it does nothing else meanwhile',
      value: middle(held),
      unit: 'ms',
      target: { atMost: MOST_HELD_MS },
    },
  ]
}

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function middle(values: readonly number[]): number {
  return percentile(
    values.toSorted((one, other) => one - other),
    0.5,
  )
}

async function readBare(sql: Sql, at: Instant): Promise<void> {
  await sql`
    select sum(s.on_hand), sum(f.spread), sum(f.units_by_weekday[1]), max(s.pace_at)
    from stream.stock s
    cross join lateral (
      select units_by_weekday, spread from ref.demand_forecasts f
      where f.store = s.store and f.sku = s.sku and f.valid_from <= ${at} order by f.valid_from desc limit 1
    ) f
    where s.generation = 1 and s.on_hand is not null`
}

async function writeShelves(sql: Sql, at: Instant): Promise<void> {
  const instant = formatInstant(at)
  // Silent since the last sale as chance has it (exponential, nine to twenty o'clock being the day), and as long again.
  await sql`
    insert into stream.stock (generation, store, sku, partition, on_hand, on_order, max_delta_time, as_of, last_offset,
      processed_at, pace_at, pace_units)
    select 1, store, sku, partition, on_hand, 0, sold_at, ${instant}, 1, ${instant}, sold_at, random()
    from (
      select st.store, st.partition, f.sku, 20 + n.place % 200 as on_hand,
        ${instant}::timestamptz - make_interval(hours => least(1000,
          case when n.place % 100 = 0 then 24 * 40 else -24 * ln(1 - random()) / (7 * mean.units + 0.01) end)::integer) as sold_at
      from ref.demand_forecasts f
      join ref.stores st on st.store = f.store
      cross join lateral (select avg(u) as units from unnest(f.units_by_weekday) u) mean
      cross join lateral (select substring(f.sku from 5)::integer as place) n
    ) shelf
    on conflict do nothing`
  await sql`
    insert into stream.episodes (generation, alert_id, store, sku, partition, rule, rule_version, severity, state,
      opened_at, opened_offset, amended_at, amended_offset, on_hand, on_order, processed_at)
    select 1, store || sku, store, sku, partition, 'stockout_before_delivery', 2, 'warning', 'open', ${instant}, 1,
      ${instant}, 1, on_hand, 0, ${instant}
    from stream.stock where generation = 1 and hashtext(store || sku) % 100 = 0`
  await sql`
    insert into batch.usual_prices (store, sku, currency, price, units_per_day, run_id)
    select store, sku, 'EUR', 20000, 1, 1 from stream.stock where generation = 1`
  await sql`
    insert into ref.expected_orders (store, valid_from, orders)
    select store, 'epoch', array_fill(1, array[168]) from ref.stores`
  await sql`
    insert into stream.checkpoints (generation, partition, "offset", appended_at, watermark, epoch, processed_at)
    select 1, partition, 1, ${instant}, ${instant}, 1, ${instant} from log.partitions`
  for (const table of ['stream.stock', 'stream.episodes', 'ref.demand_forecasts', 'batch.usual_prices'])
    await sql.unsafe(`vacuum analyze ${table}`)
}
