import { type BeginScript, liveShops } from './script.ts'

const RUSH = 10
const HOT = { pace: 3, share: 0.9 }
/** A supplier that is late shows soonest where shelves empty quickly. */
const BUSY_WITHOUT_DELIVERIES = 4

export const beginRush: BeginScript = () => ({
  pace: usual => usual.map(pace => pace * RUSH),
  detail: () => `Every open store sells at ${RUSH} times its usual pace.`,
})

export const beginHotStore: BeginScript = stage => {
  const hot = stage.shops.findIndex(({ shop }) => shop === liveShops(stage)[0]?.shop)
  return {
    pace(usual) {
      const all = usual.reduce((sum, pace) => sum + pace, 0)
      const others = all - (usual[hot] ?? 0)
      const cooler = others === 0 ? 0 : (all * HOT.pace * (1 - HOT.share)) / others
      return usual.map((pace, index) => (index === hot ? all * HOT.pace * HOT.share : pace * cooler))
    },
    detail: () => `Nine in ten orders come from ${stage.shops[hot]?.shop.name ?? 'one store'}.`,
  }
}

export const beginSupplierLate: BeginScript = stage => {
  const overdue = (now: number) =>
    stage.shops
      .flatMap(({ state }) => state.deliveries)
      .filter(({ dueAt }) => dueAt <= now && dueAt > stage.startedAt).length
  let isOver = false
  return {
    deliveriesHeld: true,
    pace: usual => usual.map(pace => pace * BUSY_WITHOUT_DELIVERIES),
    end() {
      isOver = true
      return []
    },
    detail: now => `${overdue(now)} deliveries ${isOver ? 'that were overdue arrive' : 'are overdue'}.`,
  }
}
