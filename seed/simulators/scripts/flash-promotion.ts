import { MINUTE_MS } from '#domain/instant.ts'
import { demandAt, beginFlashPromotion as lowerPrice, type TradingShop } from '../../shop/shop-state.ts'
import { type Product, roundTo } from '../../world/catalogue.ts'
import { placeOrder } from './place-order.ts'
import { type BeginScript, createRate, type Stage } from './script.ts'

const OFF = 0.6
/** Who come for it alone, for one order of an ordinary day. */
const COME_FOR_IT = 1.5
const MOST_UNITS = 4
/** The web shop sells on what it does not have, until somebody looks. */
const OVERSOLD_ONLINE = 12

export const beginFlashPromotion: BeginScript = stage => {
  const { random, shops, startedAt, endsAt } = stage
  const { product, index } = choosePromoted(stage)
  const promotion = { title: `Only now: ${product.name}`, products: [index], discount: OFF }
  const lifts = shops.map(trading => lowerPrice(trading, { at: startedAt, until: endsAt, promotion }))
  const rates = shops.map(() => createRate(stage))
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
    return [placeOrder(trading, now, { lines: [{ sku: product.sku, units: wanted, unitPrice, discount }] })]
  }

  return {
    pace: usual => usual.map((pace, place) => pace * (lifts[place] ?? 1)),
    act(now) {
      const pace = stage.ordinaryPace()
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
function choosePromoted({ shops, startedAt, endsAt, ordinaryPace }: Stage): {
  product: Product
  index: number
} {
  const pace = ordinaryPace().reduce((sum, orders) => sum + orders, 0)
  const wanted = (pace * COME_FOR_IT * ((1 + MOST_UNITS) / 2) * (endsAt - startedAt)) / MINUTE_MS
  const there = (index: number) => shops.reduce((sum, { state }) => sum + (state.onHand?.[index] ?? 0), 0)
  const byThePiece = (shops[0]?.world.products ?? [])
    .map((product, index) => ({ product, index, units: there(index) }))
    .filter(({ product }) => !product.category.weighed && product.category.mostUnits >= MOST_UNITS)
  const short = byThePiece.filter(({ units }) => units <= STOCKED * wanted)
  const [chosen] =
    short.length > 0
      ? short.sort((left, right) => right.product.popularity - left.product.popularity)
      : byThePiece.sort((left, right) => left.units - right.units)
  if (!chosen) throw new Error('this world has no product that is sold by the piece')
  return chosen
}
