import { formatInstant, MINUTE_MS } from '#domain/instant.ts'
import { demandAt, beginFlashPromotion as lowerPrice, type TradingShop } from '#seed/shop/shop-state.ts'
import { roundTo } from '#seed/world/catalogue.ts'
import { isSold } from '#seed/world/life-cycles.ts'
import { type BeginScenario, createRate, liveShops, placeOrder, type ScenarioContext } from './script.ts'

const RUSH = 10
const HOT = { pace: 3, share: 0.9 }
/** A supplier that is late shows soonest where shelves empty quickly. */
const BUSY_WITHOUT_DELIVERIES = 4
/** Days of stock rooms pass in ten minutes, so that deliveries fall due. */
const HURRIED = 144

export const beginRush: BeginScenario = () => ({
  pace: usual => usual.map(pace => pace * RUSH),
  detail: () => `The open stores sell ${RUSH} times as much as they do while a scenario plays.`,
})

export const beginHotStore: BeginScenario = context => {
  const hot = context.shops.findIndex(({ shop }) => shop === liveShops(context)[0]?.shop)
  return {
    pace(usual) {
      const all = usual.reduce((sum, pace) => sum + pace, 0)
      const others = all - (usual[hot] ?? 0)
      const cooler = others === 0 ? 0 : (all * HOT.pace * (1 - HOT.share)) / others
      return usual.map((pace, index) => (index === hot ? all * HOT.pace * HOT.share : pace * cooler))
    },
    detail: () => `Nine in ten orders come from ${context.shops[hot]?.shop.name ?? 'one store'}.`,
  }
}

export const beginSupplierLate: BeginScenario = context => {
  const overdue = (now: number) =>
    context.shops.flatMap(({ state }) => state.deliveries.filter(({ dueAt }) => dueAt <= now + state.aheadMs))
      .length
  let isOver = false
  return {
    deliveriesHeld: true,
    stockSpeed: HURRIED,
    pace: usual => usual.map(pace => pace * BUSY_WITHOUT_DELIVERIES),
    end() {
      isOver = true
      return []
    },
    detail: now => `${overdue(now)} deliveries ${isOver ? 'that were overdue arrive' : 'are overdue'}.`,
  }
}

const OFF = 0.6
/** Who come for it alone, for one order of an ordinary day. */
const COME_FOR_IT = 1.5
const MOST_UNITS = 4
/** The web shop sells on what it does not have, until somebody looks. */
const OVERSOLD_ONLINE = 12

export const beginFlashPromotion: BeginScenario = context => {
  const { random, shops, endsAt } = context
  const { product, index } = choosePromoted(context)
  const promotion = { title: `Only now: ${product.name}`, products: [index], discount: OFF }
  // More come for everything: the shops' demand knows.
  for (const trading of shops) lowerPrice(trading, { until: endsAt, promotion })
  const rates = shops.map(() => createRate(context))
  let orders = 0
  let units = 0

  function sellOne(trading: TradingShop, now: number) {
    const { shop, state } = trading
    const there = (state.onHand?.[index] ?? 0) + (shop.channel === 'online' ? OVERSOLD_ONLINE : 0)
    const wanted = Math.min(there, random.integer(1, MOST_UNITS))
    if (!state.onHand || wanted < 1) return []
    const unitPrice = demandAt(trading, now).prices[index] ?? 0
    const discount = Math.min(
      wanted * unitPrice,
      roundTo(Math.round(wanted * unitPrice * OFF), shop.priceDecimals),
    )
    orders += 1
    units += wanted
    return [placeOrder(trading, now, { line: { product: index, units: wanted, unitPrice, discount } })]
  }

  return {
    act(now) {
      const pace = context.busyPace()
      return shops.flatMap((trading, place) => {
        const count = rates[place]?.(now, COME_FOR_IT * (pace[place] ?? 0)) ?? 0
        return Array.from({ length: count }, () => sellOne(trading, now)).flat()
      })
    },
    end(now) {
      for (const { flash } of shops) if (flash?.promotion === promotion) flash.until = now
      return []
    },
    detail: () =>
      `${product.name} (${product.sku}) at ${Math.round(OFF * 100)}% off: ${orders} orders for it alone, ${units} units.`,
  }
}

/** The part of what they would take that is there: it is to run out before the promotion does. */
const STOCKED = 0.4

/** The product that is wanted most among those of which too little is there. */
function choosePromoted({ shops, startedAt, endsAt, busyPace }: ScenarioContext) {
  const pace = busyPace().reduce((sum, orders) => sum + orders, 0)
  const wanted = (pace * COME_FOR_IT * ((1 + MOST_UNITS) / 2) * (endsAt - startedAt)) / MINUTE_MS
  const day = formatInstant(startedAt).slice(0, 10)
  const there = (index: number) => shops.reduce((sum, { state }) => sum + (state.onHand?.[index] ?? 0), 0)
  const byThePiece = (shops[0]?.world.products ?? [])
    .map((product, index) => ({ product, index, units: there(index) }))
    .filter(
      ({ product: { category, lifeCycle } }) =>
        !category.weighed && category.mostUnits >= MOST_UNITS && isSold(lifeCycle, day),
    )
  const short = byThePiece.filter(({ units }) => units <= STOCKED * wanted)
  const [chosen] =
    short.length > 0
      ? short.sort((left, right) => right.product.popularity - left.product.popularity)
      : byThePiece.sort((left, right) => left.units - right.units)
  if (!chosen) throw new Error('this world has no product that is sold by the piece')
  return chosen
}
