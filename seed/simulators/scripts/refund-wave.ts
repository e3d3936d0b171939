import { takeBack } from '../../shop/sales.ts'
import { type BeginScript, createRate } from './script.ts'

/** For one order of an ordinary day. */
const RETURNS_PER_ORDER = 1.5

export const beginRefundWave: BeginScript = stage => {
  const { random, shops } = stage
  const rates = shops.map(() => createRate(stage))
  let documents = 0
  return {
    act(now) {
      const pace = stage.ordinaryPace()
      const returned = shops.flatMap((trading, index) => {
        const count = rates[index]?.(now, RETURNS_PER_ORDER * (pace[index] ?? 0)) ?? 0
        return Array.from({ length: count }, () => {
          const { registers } = trading.shop
          return takeBack(trading, now, registers.length === 0 ? null : random.pick(registers))
        }).filter(event => event !== null)
      })
      documents += returned.length
      return returned
    },
    detail: () => `${documents} returns beside the ordinary ones.`,
  }
}
