import { describe, expect, test } from 'vitest'
import { EVENT_TYPES } from '#domain/event.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { decodeEntry, encodeEvent, encodeTick, toLogRecord } from './record.ts'

const START = Date.UTC(2026, 10, 20, 9)

/** One or two of every type, a tick, and history that keeps its append time. */
function fixtureValues(): { value: string; kept?: number }[] {
  const events = randomEvents({ random: seededRandom(11), count: 600, start: START })
  const awkward = { ...events[0], id: 'awkward "\\ 🫖\u2028', customer: 'Żółć', attributes: { note: 'a\tb' } }
  const ofTypes = EVENT_TYPES.flatMap(type => events.filter(event => event.type === type).slice(0, 3))
  return [
    ...[...ofTypes, awkward as (typeof events)[0]].map(event => ({ value: encodeEvent(event).toString() })),
    { value: encodeTick().toString() },
    ...events
      .slice(0, 1)
      .map(event => ({ value: encodeEvent(event, START - 5).toString(), kept: START - 5 })),
    { value: encodeTick(START - 4).toString(), kept: START - 4 },
  ]
}

describe('records of the topic', () => {
  test('are what the committed records say, which the job in Java reads too', async () => {
    const records = fixtureValues().map(({ value }, index) => {
      const place = { partition: 2, offset: 1 + 2 * index, timestamp: START + index }
      return { value, ...place, record: toLogRecord(decodeEntry(Buffer.from(value), place), place) }
    })
    expect(new Set(records.map(({ record }) => record.type))).toEqual(new Set([...EVENT_TYPES, 'tick']))
    await expect(`${JSON.stringify(records, null, 1)}\n`).toMatchFileSnapshot('./testing/records.json')
  })

  test('are appended at their timestamp, history at the time it keeps', () => {
    for (const { value, kept } of fixtureValues()) {
      const place = { partition: 0, offset: 1, timestamp: START }
      const record = toLogRecord(decodeEntry(Buffer.from(value), place), place)
      expect(record.appendedAt).toBe(kept ?? START)
    }
  })

  test.each([null, '', 'no json', '7', '[]', '{}'])('%j is refused with its place', value => {
    const place = { partition: 3, offset: 8, timestamp: START }
    expect(() => decodeEntry(value === null ? null : Buffer.from(value), place)).toThrow(/3\/8/)
  })
})
