import type { Sql } from '#db/client.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { bodyHashOf } from '#domain/canonical.ts'
import { enrich } from '#domain/enrich.ts'
import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, formatInstant, HOUR_MS, type Instant, SECOND_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { formatAmount } from '#domain/money.ts'
import { partitionOf } from '#domain/partition.ts'
import { type UnchangingStore, unchangingStore } from '#domain/store.ts'
import { createRandom, createWeightedPick, type Random } from '#seed/world/random.ts'
import { type HistoricEvent, historyChunks, loadHistory } from '#server/log/history.ts'

export const PARTITIONS = 4

export type BenchWorld = ReturnType<typeof createBenchWorld>

/**
 * What benchmarks sell: products whose popularity is Zipf's. All but one are of 20 stores over four partitions and 500
 * products.
 */
export function createBenchWorld({ storesPerPartition = 5, products = 500 } = {}) {
  const random = createRandom(1, 'bench prices')
  return {
    stores: storesOf(storesPerPartition),
    skus: Array.from({ length: products }, (_, index) => `SKU${String(index + 1).padStart(5, '0')}`),
    /** In 1/10,000. */
    prices: Array.from({ length: products }, () => random.integer(5, 5_000) * 100),
    pickSku: createWeightedPick(Array.from({ length: products }, (_, index) => 1 / (index + 1))),
  }
}

/** As many stores in each partition, so that what is measured is the log and not a lucky hash. */
function storesOf(storesPerPartition: number): UnchangingStore[] {
  const counts = new Array<number>(PARTITIONS).fill(0)
  const stores: UnchangingStore[] = []
  for (let number = 1; stores.length < PARTITIONS * storesPerPartition; number += 1) {
    const id = `store-${String(number).padStart(3, '0')}`
    const partition = partitionOf(id, PARTITIONS)
    if ((counts[partition] ?? 0) >= storesPerPartition) continue
    counts[partition] = (counts[partition] ?? 0) + 1
    stores.push(
      unchangingStore({
        id,
        name: `Store ${number}`,
        partition,
        zone: 'Europe/Berlin',
        cutOverHour: 4,
        currency: 'EUR',
        taxInclusive: true,
        channel: 'pos',
        input: 'live',
      }),
    )
  }
  return stores
}

/** Makes the stores of the load known, with products and reorder points, so that the stream path judges stock. */
export async function writeBenchStores(sql: Sql, world: BenchWorld): Promise<void> {
  await addTestStores(sql, world.stores)
  await sql`
    insert into ref.products (sku, name, category)
    select sku, sku, 'bench' from unnest(${world.skus}::text[]) as sku`
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
    select s.store, p.sku, 'epoch', 20, 200 from ref.stores s cross join ref.products p`
}

/** A night has made a forecast for every shelf: half a unit a day and more, by weekday. */
export async function writeBenchForecasts(sql: Sql): Promise<void> {
  await sql`
    insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
    select s.store, p.sku, 'epoch', 'tsb', array(select 0.5 + (length(p.sku) + weekday) % 7 from generate_series(1, 7) weekday),
      0.8, 91
    from ref.stores s cross join ref.products p`
}

export const LINES_PER_ORDER = 3
const TILLS_PER_STORE = 3

/** An order of three lines. @param number gives it its id: fixed width, so that bodies can be patched */
export function orderOf(
  world: BenchWorld,
  { random, store, number, at }: { random: Random; store: UnchangingStore; number: number; at: Instant },
): SentEvent {
  const id = idOf(number)
  return {
    source: `till-${store.id}-${(number % TILLS_PER_STORE) + 1}`,
    id,
    type: 'order.placed',
    store: store.id,
    channel: 'pos',
    eventTime: formatInstant(at),
    orderId: `o-${id}`,
    currency: store.currency,
    tender: random.chance(0.7) ? 'card' : 'cash',
    ...(random.chance(0.4) ? { customer: `c-${customerNumber(random)}` } : {}),
    lines: Array.from({ length: LINES_PER_ORDER }, () => {
      const sku = world.pickSku(random)
      return {
        sku: world.skus[sku] ?? '',
        units: random.integer(1, 4),
        unitPrice: formatAmount(world.prices[sku] ?? 0).slice(0, -2),
      }
    }),
  }
}

/** Of one of the customers of all stores: five digits. */
export function customerNumber(random: Random): number {
  return random.integer(10_000, 99_999)
}

export function idOf(number: number): string {
  return String(number).padStart(12, '0')
}

/** The order as the log stores it. */
export function loggedOrder(
  world: BenchWorld,
  order: { random: Random; store: UnchangingStore; number: number; at: Instant },
): LogEvent {
  return logged(orderOf(world, order), order)
}

/** A count of every shelf of a store, as the log stores it: after it all of its stock is known. */
export function loggedCount(
  world: BenchWorld,
  { store, at }: { store: UnchangingStore; at: Instant },
): LogEvent {
  const count: SentEvent = {
    source: `stock-${store.id}`,
    id: `count-${store.id}`,
    type: 'stock.counted',
    store: store.id,
    eventTime: formatInstant(at),
    lines: world.skus.map(sku => ({ sku, units: 1_000 })),
  }
  return logged(count, { store, at })
}

function logged(event: SentEvent, { store, at }: { store: UnchangingStore; at: Instant }): LogEvent {
  const stores = new Map([[store.id, store]])
  const result = enrich(event, { stores, now: at, class: 'live', bodyHash: bodyHashOf(event) })
  const [first] = 'events' in result ? result.events : []
  if (!first) throw new Error('the load generator made an event that the intake would refuse')
  return first
}

// Ten in the morning in Berlin, far from any cut-over: a day of orders is one business day.
const FIRST_ORDER_AT = Date.UTC(2026, 8, 1, 8)
export const BUSINESS_DAY = '2026-09-01'
const OPEN_HOURS = 12

/**
 * Fills the log with a day of orders, spread evenly over its open hours.
 * @param options.countsFirst every shelf is counted before
 * @returns orders a second
 */
export async function loadOrders(
  sql: Sql,
  world: BenchWorld,
  orders: number,
  { countsFirst = false } = {},
): Promise<number> {
  const random = createRandom(1, 'bench history')
  const between = (OPEN_HOURS * HOUR_MS) / orders
  function* events(): Generator<HistoricEvent> {
    for (const store of countsFirst ? world.stores : [])
      yield { event: loggedCount(world, { store, at: FIRST_ORDER_AT }), appendedAt: FIRST_ORDER_AT }
    for (let number = 0; number < orders; number += 1) {
      const at = Math.floor(FIRST_ORDER_AT + number * between)
      const store = random.pick(world.stores)
      yield { event: loggedOrder(world, { random, store, number, at }), appendedAt: at + 200 }
    }
  }
  const began = performance.now()
  await loadHistory(sql, {
    chunks: historyChunks(events()),
    from: FIRST_ORDER_AT,
    to: FIRST_ORDER_AT + DAY_MS,
  })
  return orders / ((performance.now() - began) / SECOND_MS)
}
