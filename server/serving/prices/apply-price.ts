import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { DAY_MS, formatInstant, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { type Amount, formatAmount, parseAmount } from '#domain/money.ts'
import { liftOf } from '#domain/price-hints/elasticity.ts'
import { whyNotPrice } from '#domain/price-hints/price-bounds.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { readStreamStand } from '#server/serving/freshness/positions.ts'
import { type BuyersEvent, databaseNow, tellOrders, writeEvents } from '#server/serving/purchasing/outbox.ts'
import type { Actor } from '#server/serving/purchasing/people.ts'
import { readShelfPrices, type ShelfPrice, shelfKey } from './shelf-prices.ts'

/** So long ahead a price may be set, and so long it may hold. */
const MOST_DAYS_AHEAD = 60
const MOST_DAYS = 180
const LATEST_INSTANT = 8_640_000_000_000_000

const instant = z.int().min(0).max(LATEST_INSTANT)
export const shelfSchema = z.strictObject({
  store: z.string().min(1).max(128),
  sku: z.string().min(1).max(128),
})
export const priceChangeIdSchema = z.string().regex(/^PR-\d{5,18}$/, { error: 'such as PR-00001' })

export const applyPriceSchema = shelfSchema.extend({
  /** Names this act: pressing twice applies once. */
  request: z.string().regex(/^[\w-]{8,64}$/),
  kind: z.enum(['dead', 'overstocked', 'leaving', 'end offer', 'raise', 'flash', 'own']),
  price: z.string().refine(text => (parseAmount(text) ?? -1) >= 0, {
    error: 'a price is a decimal such as 2.49, with at most four decimals',
  }),
  /** Epoch milliseconds; null: from now on, and until it is ended. */
  from: instant.nullable(),
  to: instant.nullable(),
})

/** What is known of a shelf's price, for the dialog in which one thinks of another. @throws RefusedError where there is no such store */
export async function readShelfPrice(sql: Sql, shelf: z.output<typeof shelfSchema>): Promise<ShelfPrice> {
  return sql.begin(async transaction => {
    const now = await databaseNow(transaction)
    return shelfPriceAt(transaction, shelf, now)
  })
}

/**
 * Sets a price: a `price.changed` waits to be sent afterwards. What another act of ours says of the shelf for that time ends
 * where it begins. Keeps what is expected of it.
 * @returns its name
 * @throws RefusedError where it is below cost, moves more than a day may, or something is not known
 */
export async function applyPrice(
  sql: Sql,
  { request, store, sku, kind, ...given }: z.output<typeof applyPriceSchema>,
  by: Actor,
): Promise<{ priceChange: string }> {
  return sql.begin(async transaction => {
    await lockShelf(transaction, { store, sku })
    const [known] = await transaction<{ priceChange: string }[]>`
      select price_change as "priceChange" from purchasing.price_changes where request = ${request}`
    if (known) return known
    const now = await databaseNow(transaction)
    const from = given.from ?? now
    refuseSpan({ now, from, to: given.to })
    const shelf = await shelfPriceAt(transaction, { store, sku }, from)
    const { terms, forecast, elasticity, currency, unitsBefore, onHand } = shelf
    if (terms === null) {
      throw new RefusedError(
        `What ${shelf.storeName} asks for ${sku} now is not known: nothing of it was sold in twelve weeks, and no event has said its price.`,
      )
    }
    const price = parseAmount(given.price) ?? 0
    const problem = whyNotPrice(price, terms, amount => `${formatPrice(amount)} ${currency}`)
    if (problem !== null) throw new RefusedError(problem)
    // A forecast is of the usual price: where that was changed before, it is told as of the price that holds.
    const lift = liftOf(elasticity.mean, terms.listPrice, terms.priceNow)
    const events = await endOthers(transaction, { store, sku, at: from, to: given.to, now, by })
    const [row] = await transaction<{ priceChange: string }[]>`
      insert into purchasing.price_changes (request, store, sku, kind, currency, old_price, new_price, unit_cost, valid_from,
        valid_to, units_by_weekday, spread, units_before, on_hand, elasticity, elasticity_deviation, offers, applied_by, applied_at)
      values (${request}, ${store}, ${sku}, ${kind}, ${currency}, ${terms.priceNow}, ${price}, ${terms.unitCost ?? 0},
        ${from}, ${given.to}, ${forecast?.unitsByWeekday.map(units => units * lift) ?? null},
        ${forecast ? forecast.spread * Math.sqrt(lift) : null}, ${unitsBefore}, ${onHand},
        ${elasticity.mean}, ${elasticity.deviation}, ${elasticity.offers}, ${by}, ${now})
      returning price_change as "priceChange"`
    if (!row) throw new Error('a price was written and has no name')
    events.push(changeOf(`${row.priceChange}/applied`, { store, sku, price, from: from, to: given.to }))
    await writeEvents(transaction, events, { purchaseOrder: null, by, at: now })
    await tellOrders(transaction, null)
    return row
  })
}

/**
 * Ends a price now, or withdraws it before it has begun: a further event says so. What is usual is asked again.
 * @throws RefusedError where it has ended already
 */
export async function endPrice(sql: Sql, priceChange: string, by: Actor): Promise<void> {
  await sql.begin(async transaction => {
    const [shelf] = await transaction<{ store: string; sku: string }[]>`
      select store, sku from purchasing.price_changes where price_change = ${priceChange}`
    if (!shelf) throw new RefusedError(`There is no price ${priceChange}.`)
    await lockShelf(transaction, shelf)
    const now = await databaseNow(transaction)
    const events = await endChanges(transaction, { ...shelf, at: now, before: null, by, only: priceChange })
    if (events.length === 0) throw new RefusedError(`${priceChange} has ended already.`)
    await writeEvents(transaction, events, { purchaseOrder: null, by, at: now })
    await tellOrders(transaction, null)
  })
}

type Shelf = z.output<typeof shelfSchema>

/** One after the other of a shelf: two people do not set two prices of it for one time. */
async function lockShelf(transaction: Transaction, { store, sku }: Shelf) {
  await transaction`select pg_advisory_xact_lock(hashtextextended('tillstream.price.' || ${store} || '/' || ${sku}, 0))`
}

async function shelfPriceAt(transaction: Transaction, shelf: Shelf, from: Instant): Promise<ShelfPrice> {
  const { basis } = await readStreamStand(transaction)
  const found = await readShelfPrices(transaction, [shelf], { generation: basis.generation, from })
  const known = found.get(shelfKey(shelf))
  if (!known) throw new RefusedError(`${shelf.store}: no such store.`)
  if (known.productName === null && known.terms === null) {
    throw new RefusedError(`${shelf.sku}: no such product.`)
  }
  return known
}

function refuseSpan({ now, from, to }: { now: Instant; from: Instant; to: Instant | null }): void {
  if (from < now - MINUTE_MS) throw new RefusedError('A price begins now or later: what was sold was sold.')
  if (from > now + MOST_DAYS_AHEAD * DAY_MS) {
    throw new RefusedError(`A price begins within ${MOST_DAYS_AHEAD} days.`)
  }
  if (to === null) return
  if (to <= from) throw new RefusedError('A price ends after it has begun.')
  if (to > from + MOST_DAYS * DAY_MS) throw new RefusedError(`A price holds for ${MOST_DAYS} days at most.`)
}

function endOthers(
  transaction: Transaction,
  { store, sku, at, now, by, to }: Shelf & { at: Instant; to: Instant | null; now: Instant; by: Actor },
): Promise<BuyersEvent[]> {
  return endChanges(transaction, { store, sku, at: Math.max(at, now), before: to, by, only: null })
}

/** Ends what holds at a moment, or is to hold later and before another. @returns the events that say so */
async function endChanges(
  transaction: Transaction,
  {
    store,
    sku,
    at,
    before,
    by,
    only,
  }: Shelf & { at: Instant; before: Instant | null; by: Actor; only: string | null },
): Promise<BuyersEvent[]> {
  const ended = await transaction<{ priceChange: string; price: Amount; from: Instant }[]>`
    update purchasing.price_changes set ended_at = ${at}, ended_by = ${by}
    where store = ${store} and sku = ${sku} and coalesce(valid_to > ${at}, true)
      and (ended_at is null or ended_at > ${at})
      ${before === null ? transaction`` : transaction`and valid_from < ${before}`} ${only === null ? transaction`` : transaction`and price_change = ${only}`}
    returning price_change as "priceChange", new_price as price, valid_from as "from"`
  return ended.map(({ priceChange, price, from }) =>
    changeOf(`${priceChange}/ended/${at}`, { store, sku, price, from, to: Math.max(from, at) }),
  )
}

function changeOf(
  id: string,
  {
    store,
    sku,
    price,
    from,
    to,
  }: { store: string; sku: string; price: Amount; from: Instant; to: Instant | null },
): BuyersEvent {
  return {
    type: 'price.changed',
    id,
    store,
    lines: [
      {
        ...{ sku, price: formatAmount(price), from: formatInstant(from) },
        ...(to === null ? {} : { to: formatInstant(to) }),
      },
    ],
  }
}

/** Without zeros that say nothing: 2.49, not 2.4900. */
function formatPrice(amount: Amount): string {
  return formatAmount(amount).replace(/(\.\d\d\d*?)0+$/, '$1')
}
