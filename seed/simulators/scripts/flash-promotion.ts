import { shelfPriceOf } from '../../shop/basket.ts'
import type { TradingShop } from '../../shop/shop-state.ts'
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
  const { random, shops } = stage
  const products = shops[0]?.world.products ?? []
  const promoted = products
    .map((product, index) => ({ product, index }))
    .filter(({ product }) => product.category.weighed !== true)
    .sort((left, right) => right.product.popularity - left.product.popularity)[0]
  if (!promoted) throw new Error('this world has no product that is sold by the piece')
  const { product, index } = promoted
  const rates = shops.map(() => createRate(stage))
  let orders = 0
  let units = 0

  function sellOne(trading: TradingShop, now: number) {
    const { shop, state } = trading
    const there = (state.onHand?.[index] ?? 0) + (shop.channel === 'online' ? OVERSOLD_ONLINE : 0)
    const wanted = Math.min(there, random.integer(1, MOST_UNITS))
    if (!state.onHand || wanted < 1) return []
    const unitPrice = shelfPriceOf(product, shop)
    const discount = Math.min(
      wanted * unitPrice,
      roundTo(Math.round(wanted * unitPrice * OFF), shop.priceDecimals),
    )
    orders += 1
    units += wanted
    return [placeOrder(trading, now, { lines: [{ sku: product.sku, units: wanted, unitPrice, discount }] })]
  }

  return {
    act(now) {
      const pace = stage.ordinaryPace()
      return shops.flatMap((trading, place) => {
        const count = rates[place]?.(now, COME_FOR_IT * (pace[place] ?? 0)) ?? 0
        return Array.from({ length: count }, () => sellOne(trading, now)).flat()
      })
    },
    detail: () =>
      `${product.name} (${product.sku}) at ${Math.round(OFF * 100)} % off: ${orders} orders, ${units} units.`,
  }
}
