/** What the simulators can play. */
export const SCENARIOS = {
  ordinary: {
    description: 'a day like any other: sales, returns, deliveries, a few late and a few sent twice',
  },
} as const

export type Scenario = keyof typeof SCENARIOS

export function isScenario(name: string): name is Scenario {
  return Object.hasOwn(SCENARIOS, name)
}
