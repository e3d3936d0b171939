import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { scopeSchema } from './scope.ts'

function problemOf(scope: unknown): string {
  const parsed = scopeSchema.safeParse(scope)
  return parsed.success ? 'none' : z.prettifyError(parsed.error)
}

const SCOPE = { from: '2026-03-01', to: '2026-03-31', stores: ['a'], currency: 'EUR' }

describe('a scope', () => {
  it('is taken as it is, all stores by default', () => {
    expect(scopeSchema.parse(SCOPE)).toEqual(SCOPE)
    const { stores: _stores, ...rest } = SCOPE
    expect(scopeSchema.parse(rest).stores).toEqual([])
    expect(problemOf({ ...SCOPE, from: '2028-01-01', to: '2028-12-31' })).toBe('none')
  })

  it.each([
    [{ from: '2026-02-30' }, '"2026-02-30" is not a date YYYY-MM-DD that exists'],
    [{ from: '2026-04-01' }, '"to" (2026-03-31) lies before "from" (2026-04-01)'],
    [{ from: '2020-01-01' }, 'days: ask for 366 at most'],
    [{ currency: 'eur' }, 'three-letter currency code'],
    [{ store: 'a' }, 'store'],
  ])('refuses %j and says why', (change, message) => {
    expect(problemOf({ ...SCOPE, ...change })).toContain(message)
  })
})
