import { inject } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { addDays } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { adjusted, counted, placed, received, returned, toLogEvents, voided } from '#domain/testing/events.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { runCommand } from './command.ts'

/** The days of the shop: two clock changes (New York 8, Berlin 29 March) and months of 28, 31 and 5 days. */
export const SHOP_DAYS = { from: '2026-02-01', to: '2026-04-05' }
const STORES = ['berlin', 'berlin-west', 'new-york'] as const

/** Names that a spreadsheet, or a careless writer of CSV, takes for something else. */
export const PRODUCTS: readonly { sku: string; name: string; category: string }[] = [
  { sku: 'tea', name: '=HYPERLINK("http://evil.example","tea")', category: 'Drinks' },
  { sku: 'coffee', name: 'Coffee, "strong"', category: 'Drinks' },
  { sku: 'grün', name: 'Grüner Tee\nlose', category: 'Drinks' },
  { sku: 'cup', name: '-5% cup', category: 'Ware' },
  { sku: 'pot', name: '@pot', category: 'Ware' },
  { sku: 'spoon', name: 'Spoon', category: '+Ware' },
]

/** What one document did, in the units of the reports: amounts in 1/10,000. Summed by tests, not by SQL. */
export interface Deed {
  store: string
  day: string
  currency: string
  sku: string
  orders: number
  units: number
  gross: number
  discounts: number
  returns: number
  returnDocuments: number
  unitsReturned: number
  /** What moved on the shelf, signed. */
  stock: number
  reviews: number
  rating: number
}

export interface TestShop {
  database: TestDatabase
  deeds: readonly Deed[]
}

/** A log of two months of random sales (by the run's seed), and every report the batch path makes of it. */
export async function openTestShop(): Promise<TestShop> {
  const database = await createTestDatabase()
  const { sql } = database
  await addTestStores(sql, EXAMPLE_STORES)
  for (const { sku, name, category } of PRODUCTS) {
    await sql`insert into ref.products (sku, name, category) values (${sku}, ${name}, ${category})`
  }
  const events = shopEvents().map(sent => ({ sent, logged: toLogEvents(sent) }))
  await appendTestEvents(
    sql,
    events.flatMap(({ logged }) => logged),
  )
  const { code, stderr } = await runCommand(database.url, 'jobs/main.ts', [
    'backfill',
    'all',
    '--from',
    SHOP_DAYS.from,
    '--to',
    SHOP_DAYS.to,
  ])
  if (code !== 0) throw new Error(`the backfill failed: ${stderr}`)
  return { database, deeds: events.flatMap(({ sent, logged }) => deedsOf(sent, logged[0])) }
}

function shopEvents(): SentEvent[] {
  const next = seededRandom(inject('randomSeed'))
  const random = (bound: number) => Math.floor(next() * bound)
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item
  const events: SentEvent[] = []
  for (const store of STORES) {
    const start = `${SHOP_DAYS.from}T10:00:00Z`
    events.push(
      counted(
        { id: `${store}-count`, at: start, store },
        PRODUCTS.slice(0, 5).map(({ sku }) => ({ sku, units: 20 })),
      ),
    )
    for (let day = SHOP_DAYS.from; day <= SHOP_DAYS.to; day = addDays(day, 1)) {
      const at = () => `${day}T${11 + random(9)}:${10 + random(50)}:00Z`
      const id = (kind: string) => `${store}-${day}-${kind}-${events.length}`
      // A day without any event has no run: here every day has some.
      for (let orders = 1 + random(3); orders > 0; orders -= 1) {
        const lines = Array.from({ length: 1 + random(3) }, () => ({
          sku: pick(PRODUCTS).sku,
          units: 1 + random(4),
          unitPrice: `${1 + random(20)}.${1_000 + random(9_000)}`,
          discount: `0.${random(10)}`,
        }))
        events.push(placed({ id: id('order'), at: at(), store, customer: `c-${random(9)}` }, lines))
        if (random(9) === 0) {
          events.push(voided({ id: id('void'), at: at(), store, orderId: id('order') }, lines))
        }
      }
      if (random(3) === 0) {
        const refund = `${1 + random(9)}.${1_000 + random(9_000)}`
        events.push(
          returned({ id: id('return'), at: at(), store }, [{ sku: pick(PRODUCTS).sku, units: 1, refund }]),
        )
      }
      if (random(4) === 0) {
        events.push(received({ id: id('receipt'), at: at(), store }, [{ sku: 'tea', units: 1 + random(9) }]))
      }
      if (random(8) === 0) {
        events.push(adjusted({ id: id('adjust'), at: at(), store }, [{ sku: 'cup', units: -1 }]))
      }
      if (random(2) === 0) {
        events.push({
          type: 'review.posted',
          source: 'reviews',
          id: id('review'),
          store,
          eventTime: at(),
          sku: pick(PRODUCTS).sku,
          rating: 1 + random(5),
        })
      }
    }
  }
  return events
}

/** One deed a line, read from what was sent. Orders and documents are counted on the first. */
function deedsOf(sent: SentEvent, logged: LogEvent | undefined): Deed[] {
  if (!logged) return []
  const { store, businessDay: day } = logged
  const currency = EXAMPLE_STORES.find(({ id }) => id === store)?.currency ?? ''
  const base = { ...NOTHING, store, day, currency }
  switch (sent.type) {
    case 'order.placed':
    case 'order.voided': {
      const sign = sent.type === 'order.placed' ? 1 : -1
      return sent.lines.map((line, index) => ({
        ...base,
        sku: line.sku,
        orders: index === 0 ? sign : 0,
        units: sign * line.units,
        gross:
          sign *
          (line.amount ? tenThousandths(line.amount) : line.units * tenThousandths(line.unitPrice ?? '0')),
        discounts: sign * tenThousandths(line.discount ?? '0'),
        stock: -sign * line.units,
      }))
    }
    case 'order.returned':
      return sent.lines.map((line, index) => ({
        ...base,
        sku: line.sku,
        returns: tenThousandths(line.refund),
        returnDocuments: index === 0 ? 1 : 0,
        unitsReturned: line.units,
        stock: line.units,
      }))
    case 'stock.counted':
    case 'stock.received':
    case 'stock.adjusted':
      return sent.lines.map(line => ({ ...base, sku: line.sku, stock: line.units }))
    case 'review.posted':
      return [{ ...base, sku: sent.sku, reviews: 1, rating: sent.rating }]
    default:
      return []
  }
}

const NOTHING: Deed = {
  store: '',
  day: '',
  currency: '',
  sku: '',
  orders: 0,
  units: 0,
  gross: 0,
  discounts: 0,
  returns: 0,
  returnDocuments: 0,
  unitsReturned: 0,
  stock: 0,
  reviews: 0,
  rating: 0,
}

function tenThousandths(text: string): number {
  return Math.round(Number(text) * 10_000)
}
