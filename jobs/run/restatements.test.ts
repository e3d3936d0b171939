import { expect, test } from 'vitest'
import { describeCause } from './restatements.ts'

const SAME = { codeVersions: ['1', '1'], rulesVersions: [1, 1] } as const
const NONE = { late: 0, bulk: 0, orders: 0, voids: 0, returns: 0 }

test('A restatement names how the new documents came, and what they are', () => {
  const arrivals = { ...NONE, late: 2, bulk: 1, orders: 2, returns: 1 }
  expect(describeCause({ arrivals, ...SAME })).toBe('2 late, 1 bulk (2 orders, 1 return)')
  expect(describeCause({ arrivals: { ...NONE, late: 1, voids: 1 }, ...SAME })).toBe('1 late (1 void)')
})

test('A restatement without new documents comes from other code or rules', () => {
  expect(describeCause({ arrivals: undefined, codeVersions: ['1', '2'], rulesVersions: [1, 1] })).toBe(
    'code version 1 → 2',
  )
  expect(describeCause({ arrivals: undefined, codeVersions: ['1', '1'], rulesVersions: [1, 2] })).toBe(
    'rules version 1 → 2',
  )
})

test('Several causes are all named', () => {
  const arrivals = { ...NONE, bulk: 3, orders: 3 }
  expect(describeCause({ arrivals, codeVersions: ['1', '2'], rulesVersions: [1, 1] })).toBe(
    '3 bulk (3 orders); code version 1 → 2',
  )
})

test('A figure that changed without any of these was changed by hand', () => {
  expect(describeCause({ arrivals: undefined, ...SAME })).toBe('the stored rows did not match the log')
})
