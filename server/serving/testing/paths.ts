import { Temporal } from 'temporal-polyfill'
import type { Sql } from '#db/client.ts'
import { addTestStores } from '#db/testing/stores.ts'
import type { SentEvent } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import { type EventClass, type LogEvent, lineGross, RULES_VERSION } from '#domain/log-event.ts'
import { netOf, type SalesEffect, salesEffect } from '#domain/measures.ts'
import { afterPurchase, NOTHING_ORDERED, type PurchaseLine, purchaseEffects } from '#domain/purchase.ts'
import { toLogEvents } from '#domain/testing/events.ts'
import { modelOnOrder, modelSales, modelStock } from '#domain/testing/reference-model.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { PartitionWatermark } from '#domain/watermark.ts'
import { classifyArrival, windowStartOf } from '#domain/window.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'

type StoredEvent = LogEvent & { offset: number; appendedAt: number }

/**
 * Both paths' tables for tests, written as the paths would write them but at the offsets a test wants, so
 * that each can be ahead of the other. Figures come from the reference model of the worked examples.
 */
export interface TestPaths {
  /** Appends events to the log. @returns what was stored, with offsets */
  send(events: readonly SentEvent[], eventClass?: EventClass): Promise<StoredEvent[]>
  /** Rebuilds the stream's tables as if it had read every partition up to these offsets (default: the end). */
  stream(through?: ReadonlyMap<number, number>): Promise<void>
  /** Runs the sales reports of a store-day as if they had read up to this offset (default: the end). @returns the run of `daily_sales` */
  batch(storeDay: { store: string; day: string; through?: number }): Promise<number>
  /** Offset of the last event sent to a store's partition. */
  lastOffset(store: string): number
}

export async function createTestPaths(sql: Sql): Promise<TestPaths> {
  const log = createPostgresLog(sql)
  const stored: StoredEvent[] = []
  await ensureLogDays(sql)
  await addTestStores(sql, EXAMPLE_STORES)

  async function send(events: readonly SentEvent[], eventClass: EventClass = 'live') {
    const appended: StoredEvent[] = []
    for (const event of events.flatMap(event => toLogEvents(event))) {
      const logEvent = { ...event, class: eventClass }
      const { outcomes, appendedAt } = await log.append(event.partition, [logEvent])
      const [outcome] = outcomes
      if (outcome?.kind !== 'appended') throw new Error(`${event.id} was not appended: ${outcome?.kind}`)
      appended.push({ ...logEvent, offset: outcome.offset, appendedAt })
    }
    stored.push(...appended)
    return appended
  }

  function upTo(partition: number, through = Number.MAX_SAFE_INTEGER): StoredEvent[] {
    return stored.filter(event => event.partition === partition && event.offset <= through)
  }

  async function stream(through?: ReadonlyMap<number, number>): Promise<void> {
    await sql`delete from stream.windows`
    await sql`delete from stream.stock`
    await sql`delete from stream.purchases`
    await sql`delete from stream.checkpoints`
    for (let partition = 0; partition < (await log.partitionCount()); partition += 1) {
      await streamPartition(sql, partition, upTo(partition, through?.get(partition)))
    }
  }

  async function batch({ store, day, through }: { store: string; day: string; through?: number }) {
    const partition = EXAMPLE_STORES.find(entry => entry.id === store)?.partition ?? 0
    const read = upTo(partition, through)
    const last = read.at(-1)
    const run = {
      store,
      day,
      partition,
      through: last?.offset ?? 0,
      throughAppendedAt: last?.appendedAt ?? 0,
      events: read.filter(event => event.store === store && event.businessDay === day),
    }
    await runReport(sql, { ...run, job: 'hourly_sales' })
    await runReport(sql, { ...run, job: 'daily_product_sales' })
    return runReport(sql, { ...run, job: 'daily_sales' })
  }

  function lastOffset(store: string): number {
    return stored.findLast(event => event.store === store)?.offset ?? 0
  }

  return { send, stream, batch, lastOffset }
}

/** Of every product of a purchase order: what became of it, and the last event that named it. */
function modelPurchases(events: readonly StoredEvent[]): Map<string, PurchaseLine & { lastOffset: number }> {
  const purchases = new Map<string, PurchaseLine & { lastOffset: number }>()
  for (const event of events) {
    for (const effect of purchaseEffects(event)) {
      const key = JSON.stringify([event.store, effect.purchaseOrder, effect.sku])
      const line = afterPurchase(purchases.get(key) ?? NOTHING_ORDERED, effect, event.eventTime)
      purchases.set(key, { ...line, lastOffset: event.offset })
    }
  }
  return purchases
}

async function streamPartition(sql: Sql, partition: number, events: readonly StoredEvent[]): Promise<void> {
  const last = events.at(-1)
  if (!last) return
  const watermark = new PartitionWatermark()
  const late = new Map<string, { net: number; revision: number; bulk: number; lastOffset: number }>()
  for (const event of events) {
    const { eventTime, appendedAt, source } = event
    const before = watermark.advance(
      event.class === 'live' ? { kind: 'live', source, eventTime, appendedAt } : { kind: 'bulk', appendedAt },
    )
    const effect = salesEffect(event)
    if (!effect) continue
    const entry = late.get(windowKey(event)) ?? { net: 0, revision: 0, bulk: 0, lastOffset: 0 }
    if (event.class === 'bulk') entry.bulk += 1
    else if (classifyArrival(eventTime, before) !== 'on-time') {
      entry.net += netOf(effect)
      entry.revision += 1
    }
    entry.lastOffset = event.offset
    late.set(windowKey(event), entry)
  }
  for (const [key, effect] of modelSales(events, windowKey)) {
    const [store = '', channel = '', currency = '', start = '', day = ''] = key.split('|')
    const seen = late.get(key) ?? { net: 0, revision: 0, bulk: 0, lastOffset: 0 }
    await sql`
      insert into stream.windows (generation, store, channel, currency, window_start, partition, business_day,
        ${FIGURES(sql)}, late_net, revision, bulk_events, last_offset, processed_at)
      values (1, ${store}, ${channel}, ${currency}, ${Number(start)}, ${partition}, ${day}, ${figures(sql, effect)},
        ${seen.net}, ${seen.revision}, ${seen.bulk}, ${seen.lastOffset}, ${Date.now()})`
  }
  const onOrder = modelOnOrder(events)
  for (const [key, onHand] of modelStock(events)) {
    const [store = '', sku = ''] = key.split('/')
    await sql`
      insert into stream.stock (generation, store, sku, partition, on_hand, on_order, as_of, last_offset, processed_at)
      values (1, ${store}, ${sku}, ${partition}, ${onHand}, ${onOrder.get(key) ?? 0}, ${last.eventTime}, ${last.offset}, ${Date.now()})`
  }
  for (const [key, line] of modelPurchases(events)) {
    const [store = '', purchaseOrder = '', sku = ''] = JSON.parse(key) as string[]
    await sql`
      insert into stream.purchases (generation, store, purchase_order, sku, partition, ordered, cancelled, received,
        placed_at, confirmed_at, said_at, supplier, expected_at, as_of, last_offset, processed_at)
      values (1, ${store}, ${purchaseOrder}, ${sku}, ${partition}, ${line.ordered}, ${line.cancelled},
        ${line.received}, ${line.placedAt}, ${line.confirmedAt}, ${line.saidAt}, ${line.supplier}, ${line.expectedAt},
        ${last.eventTime},
        ${line.lastOffset}, ${Date.now()})`
  }
  await sql`
    insert into stream.checkpoints (generation, partition, "offset", appended_at, watermark, epoch, events, processed_at)
    values (1, ${partition}, ${last.offset}, ${last.appendedAt}, ${watermark.current}, 1, ${events.length}, ${Date.now()})`
}

interface Report {
  job: 'daily_sales' | 'hourly_sales' | 'daily_product_sales'
  store: string
  day: string
  partition: number
  through: number
  throughAppendedAt: number
  events: readonly StoredEvent[]
}

async function runReport(sql: Sql, report: Report): Promise<number> {
  const { job, store, day, partition, through, throughAppendedAt, events } = report
  const [run] = await sql<{ runId: number }[]>`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      through_offset, through_appended_at, row_count, checksum, finished_at, backend_pid, backend_start)
    values (${job}, ${store}, ${day}, 'succeeded', 'manual', 1, 'test', ${RULES_VERSION}, ${partition}, ${through},
      ${throughAppendedAt}, 0, '', now(), 0, now())
    returning run_id as "runId"`
  if (!run) throw new Error('the run was not written')
  await sql`delete from ${sql(`batch.${job}`)} where store = ${store} and business_day = ${day}`
  await WRITERS[job](sql, report, run.runId)
  await sql`
    insert into batch.current_runs (job, store, period, run_id, code_version, rules_version, partition,
      through_offset, through_appended_at, row_count, checksum, computed_at)
    values (${job}, ${store}, ${day}, ${run.runId}, 'test', ${RULES_VERSION}, ${partition}, ${through}, ${throughAppendedAt}, 0, '', now())
    on conflict (job, store, period) do update set run_id = excluded.run_id,
      through_offset = excluded.through_offset, through_appended_at = excluded.through_appended_at,
      computed_at = excluded.computed_at`
  await sql`
    update batch.current_runs set checksum = coalesce((
      select md5(string_agg(line, chr(10) order by line collate "C")) from (
        select (${sql.unsafe(CHECKSUMMED[job])})::text as line from ${sql(`batch.${job}`)}
        where store = ${store} and business_day = ${day}
      ) lines), md5(''))
    where job = ${job} and store = ${store} and period = ${day}`
  const [first] = events
  const last = events.at(-1)
  if (first && last) {
    await sql`
      insert into batch.day_head (store, business_day, partition, first_offset, first_appended_at, last_offset,
        last_appended_at, events)
      values (${store}, ${day}, ${partition}, ${first.offset}, ${first.appendedAt}, ${last.offset},
        ${last.appendedAt}, ${events.length})
      on conflict (store, business_day) do update set last_offset = greatest(batch.day_head.last_offset, excluded.last_offset)`
  }
  return run.runId
}

const WRITERS: Record<Report['job'], (sql: Sql, report: Report, runId: number) => Promise<void>> = {
  async daily_sales(sql, { store, day, events }, runId) {
    for (const [key, effect] of modelSales(events, saleKey)) {
      const [channel = '', currency = ''] = key.split('|')
      const own = events.filter(event => saleKey(event) === key)
      await sql`
        insert into batch.daily_sales (business_day, store, channel, currency, ${FIGURES(sql)}, tax, customers,
          reporting_currency, net_in_reporting_currency, exchange_rate, run_id)
        select ${day}, ${store}, ${channel}, ${currency}, ${figures(sql, effect)}, ${taxOf(own)}, ${customersOf(own)},
          reporting.currency, ref.convert_amount(${netOf(effect)}, rate.rate), rate.rate, ${runId}
        from ref.reporting_currency reporting
        cross join lateral ref.rate_on(${currency}, reporting.currency, ${day}) rate`
    }
  },
  async hourly_sales(sql, { store, day, events }, runId) {
    const zone = EXAMPLE_STORES.find(entry => entry.id === store)?.zone ?? 'UTC'
    const hourKey = (event: LogEvent) =>
      `${saleKey(event)}|${hourStartOf(event.eventTime, zone)}|${event.details?.dateOnly !== true}`
    for (const [key, effect] of modelSales(events, hourKey)) {
      const [channel = '', currency = '', start = '', isKnown = ''] = key.split('|')
      await sql`
        insert into batch.hourly_sales (business_day, hour_start, store, channel, currency, orders, units, gross,
          discounts, returns, hour_known, run_id)
        values (${day}, ${Number(start)}, ${store}, ${channel}, ${currency}, ${effect.orders}, ${effect.units},
          ${effect.gross}, ${effect.discounts}, ${effect.returns}, ${isKnown === 'true'}, ${runId})`
    }
  },
  async daily_product_sales(sql, { store, day, events }, runId) {
    const products = new Map<
      string,
      { units: number; gross: number; discounts: number; returns: number; back: number }
    >()
    for (const event of events) {
      const sign = event.type === 'order.placed' ? 1 : event.type === 'order.voided' ? -1 : 0
      if (!salesEffect(event)) continue
      event.lines?.skus.forEach((sku, index) => {
        const key = `${saleKey(event)}|${sku}`
        const product = products.get(key) ?? { units: 0, gross: 0, discounts: 0, returns: 0, back: 0 }
        const units = event.lines?.units[index] ?? 0
        product.units += sign * units
        product.gross += event.lines ? sign * lineGross(event.lines, index) : 0
        product.discounts += sign * (event.lines?.discounts?.[index] ?? 0)
        product.returns += event.lines?.refunds?.[index] ?? 0
        product.back += sign === 0 ? units : 0
        products.set(key, product)
      })
    }
    for (const [key, product] of products) {
      const [channel = '', currency = '', sku = ''] = key.split('|')
      await sql`
        insert into batch.daily_product_sales (business_day, store, channel, sku, currency, units, gross, discounts,
          returns, units_returned, run_id)
        values (${day}, ${store}, ${channel}, ${sku}, ${currency}, ${product.units}, ${product.gross},
          ${product.discounts}, ${product.returns}, ${product.back}, ${runId})`
    }
  },
}

/** Columns in the order in which a run takes its checksum. */
const CHECKSUMMED: Record<Report['job'], string> = {
  daily_sales:
    'channel, currency, orders, units, gross, discounts, returns, return_documents, units_returned, tax, customers, reporting_currency, net_in_reporting_currency, exchange_rate',
  hourly_sales: 'hour_start, channel, currency, hour_known, orders, units, gross, discounts, returns',
  daily_product_sales: 'channel, sku, currency, units, gross, discounts, returns, units_returned',
}

const FIGURES = (sql: Sql) => sql`orders, units, gross, discounts, returns, return_documents, units_returned`

function figures(sql: Sql, effect: SalesEffect) {
  return sql`${effect.orders}, ${effect.units}, ${effect.gross}, ${effect.discounts}, ${effect.returns},
    ${effect.returnDocuments}, ${effect.unitsReturned}`
}

function saleKey(event: LogEvent): string {
  return `${event.channel}|${event.currency}`
}

function windowKey(event: LogEvent): string {
  return `${event.store}|${saleKey(event)}|${windowStartOf(event.eventTime)}|${event.businessDay}`
}

function hourStartOf(instant: Instant, zone: string): Instant {
  const local = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone)
  return local.round({ smallestUnit: 'hour', roundingMode: 'floor' }).epochMilliseconds
}

function taxOf(events: readonly LogEvent[]): number {
  return events.reduce((total, event) => total + (event.type === 'order.voided' ? -1 : 1) * event.totalTax, 0)
}

/** Customers whose orders placed, less their orders voided, are more than none. */
function customersOf(events: readonly LogEvent[]): number {
  const orders = new Map<string, number>()
  for (const event of events) {
    if (event.customer === null || event.type === 'order.returned') continue
    orders.set(event.customer, (orders.get(event.customer) ?? 0) + (event.type === 'order.voided' ? -1 : 1))
  }
  return [...orders.values()].filter(count => count > 0).length
}
