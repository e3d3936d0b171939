import { describe, expect, it } from 'vitest'
import { alertScopeOf, rangeOf } from '#app/alerts/alert-scope.ts'

const NOW = Date.parse('2026-11-20T12:34:56Z')
const ASKED = {
  view: 'waiting',
  store: ['berlin', 'gone'],
  kind: 'fraud',
  rule: null,
  of: 'settled',
  days: 7,
  alert: null,
} as const

describe('what the list of alerts is asked for', () => {
  it('what waits is asked for however old it is, of stores that there are', () => {
    const scope = alertScopeOf({ ...ASKED, store: [...ASKED.store] }, [{ store: 'berlin' }], NOW)
    expect(scope).toEqual({ stores: ['berlin'], kinds: ['fraud'], rule: null, of: 'waiting' })
  })

  it('the history is of days back from the end of this hour, and stays one question within it', () => {
    const history = alertScopeOf({ ...ASKED, view: 'history', store: [] }, [], NOW)
    expect(history).toMatchObject({ of: 'settled', to: Date.parse('2026-11-20T13:00:00Z') })
    expect(rangeOf(7, NOW)).toEqual(rangeOf(7, NOW + 60_000))
    expect(rangeOf(7, NOW).from).toBe(Date.parse('2026-11-13T13:00:00Z'))
  })
})
