import { expect, test } from 'vitest'
import { isScenarioName, SCENARIOS, scenarioOf } from './scenario.ts'

test('each scenario has a name of its own and says what it does, what to expect, and for how long', () => {
  expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length)
  for (const { title, description, expected, minutes } of SCENARIOS) {
    for (const text of [title, description, expected]) expect(text.trim()).not.toBe('')
    expect(minutes).toBeGreaterThan(0)
  }
})

test('a name that nobody wrote is no scenario', () => {
  expect(isScenarioName('rush')).toBe(true)
  expect(isScenarioName('constructor')).toBe(false)
  expect(scenarioOf('rush')).toMatchObject({ title: 'Rush' })
})
