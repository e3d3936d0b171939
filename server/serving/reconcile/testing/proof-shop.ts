import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import type { SentEvent } from '#domain/event.ts'
import {
  adjusted,
  counted,
  placed,
  received,
  returned,
  toLogEvents,
  transferred,
  voided,
} from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { runCommand } from '#server/serving/testing/command.ts'

/** Of the shop below: a Monday to a Wednesday, and nothing outside. */
export const PROOF_DAYS = { from: '2026-03-02', to: '2026-03-04' }

/** A store-day's till, told apart from the others by where it stands. */
export const TILL = { register: 'till-1', tender: 'card' }
const TEA = [{ sku: 'tea', units: 2, unitPrice: '2.50', discount: '0.10' }]
const THREE_FOR_TEN = [{ sku: 'cup', units: 3, amount: '10.00' }]

/**
 * A small chain with everything in it that can go wrong: tills that report, a store that excludes tax, a void, returns
 * that are not restocked, split tenders, a stated amount, a sale after midnight, transfers, counts, an alert, reviews, a
 * day restated after it was published, a session of the web shop. Built by the real paths: enrichment, append, stream, batch.
 */
export async function buildProofShop(): Promise<TestDatabase> {
  const database = await createTestDatabase()
  const { sql } = database
  await addTestStores(sql, EXAMPLE_STORES)
  await sql`insert into ref.products (sku, name, category) values ('tea', 'Tea', 'Drinks'), ('cup', 'Cup', 'Ware')`
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
    values ('berlin', 'tea', '2026-01-01', 6, 30)`
  await sql`
    insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate)
    values ('USD', 'EUR', '2026-01-01', 0.91875)`
  await send(database, opening())
  await runBatch(database)
  await send(database, afterwards())
  await runBatch(database)
  await runStream(database)
  return database
}

/** Appends events as the intake enriches them. */
export async function send({ sql }: Pick<TestDatabase, 'sql'>, events: readonly SentEvent[]): Promise<void> {
  await appendTestEvents(
    sql,
    events.flatMap(event => toLogEvents(event)),
  )
}

export async function runBatch(
  { url }: Pick<TestDatabase, 'url'>,
  to: string = PROOF_DAYS.to,
): Promise<void> {
  await run(url, 'jobs/main.ts', ['run', 'all', '--from', PROOF_DAYS.from, '--to', to])
}

export async function runStream({ url }: Pick<TestDatabase, 'url'>): Promise<void> {
  await run(url, 'server/stream/main.ts', ['--until-caught-up'])
}

async function run(url: string, entry: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(url, entry, args)
  if (code !== 0) throw new Error(`${entry} ended with ${code}: ${stderr}`)
}

function opening(): SentEvent[] {
  const { from: monday } = PROOF_DAYS
  return [
    received({ id: 's-1', at: `${monday}T08:00:00+01:00` }, [{ sku: 'tea', units: 20 }]),
    counted({ id: 's-2', at: `${monday}T08:30:00+01:00` }, [
      { sku: 'tea', units: 12 },
      { sku: 'cup', units: 50 },
    ]),
    purchased('p-1', `${monday}T09:00:00+01:00`),
    transferred({ id: 't-1', at: `${monday}T09:30:00+01:00`, toStore: 'berlin-west' }, [
      { sku: 'cup', units: 4 },
    ]),
    paid(placed({ id: 'B-0001', at: `${monday}T10:00:00+01:00`, customer: 'c-1' }, TEA), TILL),
    paid(placed({ id: 'B-0002', at: `${monday}T11:00:00+01:00`, customer: 'c-2' }, TEA), TILL),
    paid(
      voided({ id: 'v-2', orderId: 'B-0002', at: `${monday}T11:01:00+01:00`, customer: 'c-2' }, TEA),
      TILL,
    ),
    paid(placed({ id: 'B-0003', at: `${monday}T12:00:00+01:00` }, THREE_FOR_TEN), SPLIT),
    // After midnight and before the cut-over: Monday's, though both calendars say Tuesday.
    paid(placed({ id: 'B-0004', at: '2026-03-03T02:30:00+01:00' }, THREE_FOR_TEN), TILL),
    zReport(
      { id: 'z-1', day: monday, at: '2026-03-03T03:00:00+01:00', last: 'B-0004' },
      {
        orders: 3,
        units: 8,
        net: '24.90',
        tenders: [
          { type: 'card', amount: '20.90' },
          { type: 'cash', amount: '4.00' },
        ],
      },
    ),
    paid(returned({ id: 'R-0005', at: '2026-03-03T10:00:00+01:00' }, BROKEN), TILL),
    zReport(
      { id: 'z-2', day: '2026-03-03', at: '2026-03-04T03:00:00+01:00', last: 'R-0005' },
      {
        orders: 0,
        units: 0,
        net: '-2.40',
        tenders: [{ type: 'card', amount: '-2.40' }],
      },
    ),
    adjusted({ id: 's-3', at: '2026-03-03T18:00:00+01:00' }, [{ sku: 'tea', units: -5, reason: 'broken' }]),
    paid(
      placed({ id: 'N-0001', at: '2026-03-03T12:00:00-05:00', store: 'new-york' }, [
        { sku: 'tea', units: 1, unitPrice: '4.00', tax: '0.35' },
      ]),
      { tenders: [{ type: 'card', amount: '4.35' }] },
    ),
    zReport(
      { id: 'z-3', day: '2026-03-04', at: '2026-03-05T03:00:00+01:00' },
      { orders: 0, units: 0, net: '0' },
    ),
    // Wednesday there, and Tuesday in UTC.
    placed({ id: 'K-0000', at: '2026-03-04T02:00:00+05:30', store: 'kolkata' }, TEA),
    placed({ id: 'K-0001', at: '2026-03-04T10:00:00+05:30', store: 'kolkata' }, TEA),
    {
      ...placed({ id: 'K-0003', at: '2026-03-04T10:30:00+05:30', store: 'kolkata' }, TEA),
      channel: 'online',
      session: 's-1',
    } as SentEvent,
    {
      type: 'review.posted',
      source: 'reviews',
      id: 'r-1',
      store: 'berlin',
      eventTime: '2026-03-04T12:00:00Z',
      sku: 'tea',
      rating: 4,
      text: 'says "so"',
    },
    {
      type: 'price.changed',
      source: 'office',
      id: 'price-1',
      store: 'berlin',
      eventTime: '2026-03-04T12:30:00Z',
      lines: [{ sku: 'tea', price: '2.20', from: '2026-03-04T12:30:00Z', to: '2026-03-08' }],
    },
  ]
}

/** Comes when Monday is published already. */
function afterwards(): SentEvent[] {
  return [placed({ id: 'K-0002', at: '2026-03-04T11:00:00+05:30', store: 'kolkata' }, TEA)]
}

/** A document with how it was paid, and at which till. */
export function paid(
  document: SentEvent,
  by: { register?: string; tender?: string; tenders?: { type: string; amount: string }[] },
): SentEvent {
  return { ...document, ...by } as SentEvent
}

const SPLIT = {
  register: 'till-1',
  tenders: [
    { type: 'card', amount: '6.00' },
    { type: 'cash', amount: '4.00' },
  ],
}

const BROKEN = [{ sku: 'tea', units: 1, refund: '2.40', restock: false, reason: 'broken' }]

function purchased(id: string, at: string): SentEvent {
  return {
    type: 'purchase.placed',
    source: 'office',
    id,
    store: 'berlin',
    eventTime: at,
    purchaseOrderId: id,
    supplier: 's-1',
    expectedAt: '2026-03-09T08:00:00+01:00',
    lines: [{ sku: 'tea', units: 10, unitCost: '1.20' }],
  }
}

/** What the till of Berlin says of a day. */
export function zReport(
  { id, day, at, last }: { id: string; day: string; at: string; last?: string },
  totals: { orders: number; units: number; net: string; tenders?: { type: string; amount: string }[] },
): SentEvent {
  return {
    type: 'till.closed',
    source: 'till-berlin',
    id,
    store: 'berlin',
    register: 'till-1',
    eventTime: at,
    businessDay: day,
    currency: 'EUR',
    ...totals,
    openingFloat: '100',
    countedCash: '103.50',
    ...(last !== undefined && { firstReceipt: day === PROOF_DAYS.from ? 'B-0001' : last, lastReceipt: last }),
  }
}
