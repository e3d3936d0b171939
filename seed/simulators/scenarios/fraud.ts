import { businessDayOf } from '#domain/business-day.ts'
import type { SentEvent } from '#domain/event.ts'
import { greatCircleKm } from '#domain/great-circle.ts'
import type { Instant } from '#domain/instant.ts'
import { applyEvent, paidFor } from '#seed/shop/apply-event.ts'
import { decimal } from '#seed/shop/decimal.ts'
import { forgetPurchase } from '#seed/shop/purchases.ts'
import { cancel, returnHeader, takeBack } from '#seed/shop/sales.ts'
import { demandAt, type OrderPlaced, registerOf, type TradingShop } from '#seed/shop/shop-state.ts'
import type { Shop } from '#seed/world/stores.ts'
import { type BeginScenario, createRate, liveTills, placeOrder } from './script.ts'

const ORDERS = { perMinute: 25, most: 60 }
/** The part of the time in which the card is used; in the rest the store undoes it. */
const USED = 0.55
/** From then on somebody has a copy of the card, so far away. */
const COPIED_AFTER = 8
const LEAST_KM = 300
/** Small enough to be paid without a PIN. */
const CHEAPEST_PRODUCTS = 40

export const beginCardFraud: BeginScenario = context => {
  const { random, startedAt, endsAt } = context
  const [{ trading, register }] = liveTills(context)
  const customer = `c-9${random.integer(10_000, 99_999)}`
  const cheap = cheapest(trading)
  const rate = createRate(context)
  const open: Placed[] = []
  const away = liveTills(context).find(({ trading: { shop } }) => isElsewhere(shop, trading.shop))
  let placed = 0
  let placedAway = 0

  /** A copy of the card, at a till of another city. */
  function payAway(now: Instant): SentEvent[] {
    if (!away || placedAway > 0 || placed < COPIED_AFTER) return []
    const there = cheapest(away.trading).find(index => (away.trading.state.onHand?.[index] ?? 0) > 0)
    if (there === undefined) return []
    placedAway += 1
    return [placeAt(away, now, there)]
  }

  function placeAt(till: Pick<Till, 'trading' | 'register'>, now: Instant, index: number): OrderPlaced {
    const unitPrice = demandAt(till.trading, now).prices[index] ?? 0
    const order = placeOrder(till.trading, now, {
      register: till.register,
      customer,
      line: { product: index, units: 1, unitPrice, discount: 0 },
    })
    open.push({ trading: till.trading, order })
    // Nobody else brings it back.
    forgetPurchase(till.trading, order.orderId)
    return order
  }

  function use(now: Instant): SentEvent[] {
    const there = cheap.filter(index => (trading.state.onHand?.[index] ?? 0) > 0)
    if (there.length === 0 || placed >= ORDERS.most) return []
    const index = random.pick(there)
    placed += 1
    return [placeAt({ trading, register }, now, index)]
  }

  function undo(now: Instant, { trading: own, order }: Placed): SentEvent {
    const isSameDay = businessDayOf(Date.parse(order.eventTime), own.shop) === businessDayOf(now, own.shop)
    return isSameDay && random.chance(0.5) ? cancel(own, now, order) : chargeBack(own, now, order)
  }

  return {
    act(now) {
      if (now < startedAt + USED * (endsAt - startedAt)) {
        const here = Array.from({ length: rate(now, ORDERS.perMinute) }, () => use(now)).flat()
        return [...here, ...payAway(now)]
      }
      // Spread over the time that is left.
      const left = Math.max(1, endsAt - now)
      const count = Math.min(open.length, rate(now, (open.length * 1.5 * 60_000) / left))
      return open.splice(0, count).map(one => undo(now, one))
    },
    end: now => open.splice(0).map(one => undo(now, one)),
    detail() {
      const undone = placed + placedAway - open.length
      const copied = placedAway > 0 ? `, one by a copy of the card at ${away?.trading.shop.name}` : ''
      return `${customer} at ${trading.shop.name}, ${register}: ${placed} orders by card${copied}, ${undone} undone.`
    },
  }
}

type Till = ReturnType<typeof liveTills>[0]

interface Placed {
  trading: TradingShop
  order: OrderPlaced
}

function isElsewhere({ location }: Shop, other: Shop): boolean {
  return location !== null && other.location !== null && greatCircleKm(location, other.location) > LEAST_KM
}

/** By the piece, cheapest first. */
function cheapest({ world }: TradingShop): number[] {
  return world.products
    .map((product, index) => ({ product, index }))
    .filter(({ product }) => product.category.weighed !== true)
    .sort((left, right) => left.product.listPrice - right.product.listPrice)
    .slice(0, CHEAPEST_PRODUCTS)
    .map(({ index }) => index)
}

/** All of an order comes back, and all of its money goes. */
function chargeBack(trading: TradingShop, at: Instant, order: OrderPlaced): SentEvent {
  const register = order.register ?? null
  const event: SentEvent = {
    ...returnHeader(trading, at, { ...order, register }),
    lines: order.lines.map(line => ({
      sku: line.sku,
      units: line.units,
      refund: decimal(paidFor(line)),
      reason: 'card fraud',
    })),
  }
  applyEvent(trading, event)
  return event
}

/** For one order of an ordinary day. */
const RETURNS_PER_ORDER = 1.5
/** What one cashier pays out to herself, goods that nobody brought back and an order that never was. */
const INVENTED_PER_MINUTE = 3

export const beginRefundWave: BeginScenario = context => {
  const { shops, random } = context
  const [{ trading: robbed, register }] = liveTills(context)
  const cheap = cheapest(robbed)
  const rates = shops.map(() => createRate(context))
  const rateOfInvented = createRate(context)
  let documents = 0
  let invented = 0
  let cashier = ''

  function invent(now: Instant): SentEvent {
    const product = random.pick(cheap)
    const event = {
      ...returnHeader(robbed, now, { orderId: null, register }),
      lines: [
        {
          sku: robbed.world.products[product]?.sku ?? '',
          units: 1,
          refund: decimal(demandAt(robbed, now).prices[product] ?? 0),
          // Nothing came back that could be put on a shelf.
          restock: false,
        },
      ],
    }
    applyEvent(robbed, event)
    cashier = event.cashier ?? ''
    invented += 1
    return event
  }

  return {
    act(now) {
      const pace = context.busyPace()
      const returned = shops.flatMap((trading, index) => {
        const count = rates[index]?.(now, RETURNS_PER_ORDER * (pace[index] ?? 0)) ?? 0
        return Array.from({ length: count }, () => takeBack(trading, now, registerOf(trading))).filter(
          event => event !== null,
        )
      })
      documents += returned.length
      const own = Array.from({ length: rateOfInvented(now, INVENTED_PER_MINUTE) }, () => invent(now))
      return [...returned, ...own]
    },
    detail: () =>
      `${documents} returns beside the ordinary ones${invented === 0 ? '' : `, and ${invented} refunds without an order by cashier ${cashier} at ${robbed.shop.name}, ${register}`}.`,
  }
}
