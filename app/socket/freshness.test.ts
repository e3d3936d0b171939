import { describe, expect, it } from 'vitest'
import { type HeardStand, judgeFreshness } from '#app/socket/freshness.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
/** A browser whose clock is an hour slow. */
const HERE = NOON - 3_600_000

function stand(part: Partial<HeardStand> = {}): HeardStand {
  return { now: NOON, knownUpTo: NOON, lagEvents: 0, processedAt: NOON - 200, heardAt: HERE, ...part }
}

const live = { connection: 'live' as const, stand: stand(), failing: null }

describe('how fresh the live figures are', () => {
  it('is counted on from the last word of the server, by its clock, whatever clock this browser has', () => {
    const levels = [0, 5_000, 5_001, 15_000, 15_001].map(ms => {
      const { level, knownUpTo, serverNow } = judgeFreshness(live, HERE + ms)
      expect({ knownUpTo, serverNow }).toEqual({ knownUpTo: NOON, serverNow: NOON + ms })
      return level
    })
    expect(levels).toEqual(['fresh', 'fresh', 'aging', 'aging', 'old'])
  })

  it('is up to date only when a word of less than five seconds says that everything is read', () => {
    expect(judgeFreshness(live, HERE + 1_000)).toMatchObject({ state: 'Live', detail: 'up to date' })
    const behind = { ...live, stand: stand({ lagEvents: 3, knownUpTo: NOON - 2_000 }) }
    expect(judgeFreshness(behind, HERE)).toMatchObject({ state: 'Live', detail: '3 events not read, 2 s' })
    for (const connection of ['connecting', 'reconnecting'] as const) {
      const { isLive, detail } = judgeFreshness({ ...live, connection }, HERE)
      expect({ isLive, detail }).toEqual({ isLive: false, detail: 'figures of a moment ago' })
    }
  })

  it('says that the stream stands when it writes nothing while events wait, and that it is behind while it does', () => {
    const waiting = { lagEvents: 37, knownUpTo: NOON - 20_000 }
    const standing = { ...live, stand: stand({ ...waiting, processedAt: NOON - 30_000 }) }
    expect(judgeFreshness(standing, HERE)).toMatchObject({
      level: 'old',
      state: 'The stream stands',
      detail: 'figures of 20 s ago',
      knownUpTo: NOON - 20_000,
    })
    const never = { ...live, stand: stand({ ...waiting, processedAt: null }) }
    expect(judgeFreshness(never, HERE).state).toBe('The stream stands')
    const held = { ...live, stand: stand({ knownUpTo: NOON - 20_000, heldBy: 'archive' }) }
    expect(judgeFreshness(held, HERE)).toMatchObject({ state: 'The archive stands', level: 'old' })
    const busy = { ...live, stand: stand(waiting) }
    expect(judgeFreshness(busy, HERE).state).toBe('The stream is behind')
  })

  it('names a lost connection, a silent server and a question that fails', () => {
    const later = HERE + 16_000
    expect(judgeFreshness({ ...live, connection: 'reconnecting' }, later).state).toBe('Reconnecting')
    expect(judgeFreshness({ ...live, connection: 'connecting' }, later).state).toBe('Not connected')
    expect(judgeFreshness(live, later).state).toBe('No word from the server')
    const failing = { what: 'The database could not answer', answeredAt: HERE - 20_000 }
    expect(judgeFreshness({ ...live, failing }, HERE)).toMatchObject({
      level: 'old',
      state: 'The database could not answer',
      detail: 'figures of 20 s ago',
    })
  })

  it('is unknown before anything is known, and never fresh', () => {
    for (const connection of ['connecting', 'live', 'reconnecting'] as const) {
      const { level, detail } = judgeFreshness({ connection, stand: null, failing: null }, HERE)
      expect({ level, detail }).toEqual({ level: 'unknown', detail: 'nothing known yet' })
    }
  })

  it('begins with the age that the server rendered the page with', () => {
    const rendered = { connection: 'connecting' as const, stand: stand({ heardAt: null }), failing: null }
    expect(judgeFreshness(rendered, null)).toMatchObject({ level: 'fresh', serverNow: NOON })
    const standing = { ...rendered, stand: stand({ heardAt: null, knownUpTo: NOON - 60_000, lagEvents: 1 }) }
    expect(judgeFreshness(standing, null).level).toBe('old')
  })
})
