import { demandAt, beginFlashPromotion as lowerPrice, type TradingShop } from '../../shop/shop-state.ts'
import { roundTo } from '../../world/catalogue.ts'
import { placeOrder } from './place-order.ts'
import { type BeginScript, createRate } from './script.ts'

const OFF = 0.6
/** Who come for it alone, for one order of an ordinary day. */
const COME_FOR_IT = 1.5
const MOST_UNITS = 4
/** The web shop sells on what it does not have, until somebody looks. */
const OVERSOLD_ONLINE = 12

export const beginFlashPromotion: BeginScript = stage => {
  const { random, shops, startedAt, endsAt } = stage
  const [promoted] = (shops[0]?.world.products ?? [])
    .map((product, index) => ({ product, index }))
    .filter(({ product }) => !product.category.weighed && product.category.mostUnits >= MOST_UNITS)
    .sort((left, right) => right.product.popularity - left.product.popularity)
  if (!promoted) throw new Error('this world has no product that is sold by the piece')
  const { product, index } = promoted
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
