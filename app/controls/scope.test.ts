import { describe, expect, it } from 'vitest'
import { type AskedScope, resolveScope } from '#app/controls/scope.ts'
import type { Overview, StoreSummary } from '#app/trpc/router-outputs.ts'

function store(id: string, currency: string, zone = 'Europe/Berlin', lastDay = '2026-11-20'): StoreSummary {
  return { store: id, name: id, zone, cutOverHour: 4, currency, channel: 'pos', input: 'live', lastDay }
}

const overview: Overview = {
  stores: [
    store('berlin', 'EUR'),
    store('lisboa', 'EUR', 'Europe/Lisbon'),
    store('london', 'GBP', 'Europe/London'),
  ],
  currencies: ['EUR', 'GBP'],
  firstDay: '2026-11-01',
  lastDay: '2026-11-20',
  events: 10,
  isLogEmpty: false,
  demoNote: null,
  asksPassword: false,
  people: [],
  mutes: [],
}
const nothing: AskedScope = { from: null, to: null, store: [], currency: null }

describe('the scope of the page', () => {
  it('is the newest day of all stores in their first currency when the address says nothing', () => {
    const resolved = resolveScope(overview, nothing)
    expect(resolved?.scope).toEqual({ from: '2026-11-20', to: '2026-11-20', stores: [], currency: 'EUR' })
    expect(resolved?.stores).toHaveLength(3)
    expect(resolved?.currencies).toEqual(['EUR', 'GBP'])
  })

  it('is one day when only one end is given, and in order when the ends are not', () => {
    expect(resolveScope(overview, { ...nothing, from: '2026-11-05' })?.scope).toMatchObject({
      from: '2026-11-05',
      to: '2026-11-05',
    })
    expect(resolveScope(overview, { ...nothing, from: '2026-11-09', to: '2026-11-05' })?.scope).toMatchObject(
      { from: '2026-11-05', to: '2026-11-09' },
    )
  })

  it('takes the currency and the zone of the chosen stores', () => {
    const resolved = resolveScope(overview, { ...nothing, store: ['london'], currency: 'EUR' })
    expect(resolved?.scope).toMatchObject({ stores: ['london'], currency: 'GBP' })
    expect(resolved?.zone).toBe('Europe/London')
  })

  it('is the newest day of the stores in its currency, not one that has begun elsewhere', () => {
    const stores = [...overview.stores, store('tokyo', 'JPY', 'Asia/Tokyo', '2026-11-21')]
    const withTokyo = { ...overview, stores, currencies: ['EUR', 'GBP', 'JPY'], lastDay: '2026-11-21' }
    expect(resolveScope(withTokyo, nothing)?.scope.from).toBe('2026-11-20')
    expect(resolveScope(withTokyo, { ...nothing, currency: 'JPY' })?.scope.from).toBe('2026-11-21')
  })

  it('leaves out stores that do not exist', () => {
    expect(resolveScope(overview, { ...nothing, store: ['gone', 'lisboa'] })?.scope.stores).toEqual([
      'lisboa',
    ])
    expect(resolveScope(overview, { ...nothing, store: ['gone'] })?.stores).toHaveLength(3)
  })

  it('says when something else is shown than was asked for', () => {
    const notThere = (asked: Partial<AskedScope>) =>
      resolveScope(overview, { ...nothing, ...asked })?.notThere
    expect(notThere({})).toBeNull()
    expect(notThere({ store: ['london'], currency: 'GBP' })).toBeNull()
    expect(notThere({ currency: 'all' })).toBe(
      'Amounts of several currencies are never added here: what is in EUR is shown.',
    )
    expect(notThere({ store: ['london'], currency: 'EUR' })).toBe(
      'Nothing is sold in EUR there: what is in GBP is shown.',
    )
    expect(notThere({ store: ['gone'] })).toBe('There is no store gone: all stores are shown.')
    expect(notThere({ store: ['gone', 'lisboa'] })).toBe('There is no store gone: the others are shown.')
  })

  it('is nothing on an empty log and without stores', () => {
    expect(resolveScope({ ...overview, lastDay: null }, nothing)).toBeNull()
    expect(resolveScope({ ...overview, stores: [] }, nothing)).toBeNull()
  })
})
