import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { dueAt, GATHER_MS, type News, quietEnd, type Wishes, wants } from './subscription.ts'

const EVERYTHING: Wishes = {
  stores: [],
  categories: [],
  suppliers: [],
  kinds: [],
  leastSeverity: 'warning',
  quiet: null,
  quietForCritical: false,
  digestMinutes: 0,
}
const SHORTAGE: News = {
  alertId: 'berlin/tea@0-1',
  kind: 'shortage',
  rule: 'low_stock',
  severity: 'warning',
  store: 'berlin',
  category: 'Tea',
  supplier: 'leaf',
}
const FRAUD: News = {
  ...SHORTAGE,
  alertId: 'card_velocity/berlin/c@0-2',
  kind: 'fraud',
  rule: 'card_velocity',
  severity: 'critical',
  category: null,
  supplier: null,
}
const at = (text: string) => Date.parse(text)

describe('what somebody wants to hear of', () => {
  it('is everything, unless it is narrowed', () => {
    expect([SHORTAGE, FRAUD].map(news => wants(EVERYTHING, news))).toEqual([true, true])
  })

  it.each<[string, Partial<Wishes>, [shortage: boolean, fraud: boolean]]>([
    ['a store', { stores: ['berlin'] }, [true, true]],
    ['another store', { stores: ['lisboa'] }, [false, false]],
    ['shortages', { kinds: ['shortage'] }, [true, false]],
    ['fraud', { kinds: ['fraud', 'silence'] }, [false, true]],
    ['what is critical', { leastSeverity: 'critical' }, [false, true]],
    // Products alone have a category and a supplier: what a rule found is not kept from who narrows those.
    ['another category', { categories: ['Cups'] }, [false, true]],
    ['its category', { categories: ['Cups', 'Tea'] }, [true, true]],
    ['another supplier', { suppliers: ['clay'] }, [false, true]],
    ['its supplier and a store', { suppliers: ['leaf'], stores: ['lisboa'] }, [false, false]],
  ])('narrowed to %s', (_name, part, expected) => {
    expect([SHORTAGE, FRAUD].map(news => wants({ ...EVERYTHING, ...part }, news))).toEqual(expected)
  })

  it('leaves out a product of which category or supplier are not known, where these are asked for', () => {
    const unknown = { ...SHORTAGE, category: null, supplier: null }
    expect(wants({ ...EVERYTHING, categories: ['Tea'] }, unknown)).toBe(false)
    expect(wants({ ...EVERYTHING, suppliers: ['leaf'] }, unknown)).toBe(false)
    expect(wants(EVERYTHING, unknown)).toBe(true)
  })
})

describe('quiet hours', () => {
  const night = { from: '22:00', to: '07:00', zone: 'Europe/Berlin' }

  it.each([
    ['before them', '2026-11-20T20:59:59Z', null],
    ['as they begin', '2026-11-20T21:00:00Z', '2026-11-21T06:00:00Z'],
    ['after midnight', '2026-11-21T02:00:00Z', '2026-11-21T06:00:00Z'],
    ['as they end', '2026-11-21T06:00:00Z', null],
    // Clocks are set forward at 02:00 on 29 March 2026: 07:00 is an hour nearer.
    ['on the night the clocks are set forward', '2026-03-28T23:00:00Z', '2026-03-29T05:00:00Z'],
    ['on the night they are set back', '2026-10-24T21:00:00Z', '2026-10-25T06:00:00Z'],
  ])('over midnight, %s', (_name, instant, end) => {
    expect(quietEnd(night, at(instant))).toBe(end === null ? null : at(end))
  })

  it('may lie within a day, in any zone', () => {
    const lunch = { from: '12:00', to: '13:30', zone: 'Asia/Kolkata' }
    expect(quietEnd(lunch, at('2026-11-20T06:29:59Z'))).toBeNull()
    expect(quietEnd(lunch, at('2026-11-20T06:30:00Z'))).toBe(at('2026-11-20T08:00:00Z'))
  })

  it('end where the clocks show their end, within a day and an hour, and nothing is quiet at their end', () => {
    const clock = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '30'))
      .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`)
    fc.assert(
      fc.property(
        clock,
        clock,
        fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC'),
        fc.integer({ min: at('2026-01-01T00:00:00Z') / 1_000, max: at('2027-01-01T00:00:00Z') / 1_000 }),
        (from, to, zone, second) => {
          fc.pre(from !== to)
          const instant = second * SECOND_MS
          const end = quietEnd({ from, to, zone }, instant)
          if (end === null) return
          expect(end).toBeGreaterThan(instant)
          expect(end - instant).toBeLessThanOrEqual(DAY_MS + 3_600_000)
          const shown = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeStyle: 'short' }).format(end)
          // A time that the clocks skip is shifted forward by an hour.
          if (!['02:00', '02:30'].includes(to)) expect(shown).toBe(to)
        },
      ),
    )
  })
})

describe('when a message goes', () => {
  const now = at('2026-11-20T12:00:00Z')
  const digest = { ...EVERYTHING, digestMinutes: 30 }

  it('is at once: with what comes within a second', () => {
    expect(dueAt(EVERYTHING, { severity: 'warning', now, lastToldAt: now - 1 })).toBe(now + GATHER_MS)
  })

  it('waits for the digest since the last, and not where the last is long ago or there was none', () => {
    const due = (lastToldAt: number | null) => dueAt(digest, { severity: 'warning', now, lastToldAt })
    expect(due(now - 10 * MINUTE_MS)).toBe(now + 20 * MINUTE_MS)
    expect(due(now - 31 * MINUTE_MS)).toBe(now + GATHER_MS)
    expect(due(null)).toBe(now + GATHER_MS)
  })

  it('is not put off by a digest or by quiet hours where it is critical, unless that is asked for', () => {
    const quiet = { from: '11:00', to: '15:00', zone: 'UTC' }
    const critical = { severity: 'critical', now, lastToldAt: now - 1 } as const
    expect(dueAt({ ...digest, quiet }, critical)).toBe(now)
    const end = at('2026-11-20T15:00:00Z')
    expect(dueAt({ ...digest, quiet, quietForCritical: true }, critical)).toBe(end)
    expect(dueAt({ ...digest, quiet }, { ...critical, severity: 'warning' })).toBe(end)
  })

  it('lies behind quiet hours that begin before the digest is due', () => {
    const quiet = { from: '12:10', to: '14:00', zone: 'UTC' }
    const due = dueAt({ ...digest, quiet }, { severity: 'warning', now, lastToldAt: now - 1 })
    expect(due).toBe(at('2026-11-20T14:00:00Z'))
  })
})
