import { describe, expect, test } from 'vitest'
import { type Answer, judgeAnswer } from './post-events.ts'

const answered = (status: number, fields: Partial<Extract<Answer, { kind: 'answered' }>> = {}): Answer => ({
  kind: 'answered',
  status,
  retryAfterMs: null,
  accepted: 0,
  duplicates: 0,
  rejected: [],
  ...fields,
})
const UNREACHABLE: Answer = { kind: 'unreachable', detail: 'ECONNREFUSED' }

describe('what a till does after an answer', () => {
  test('what was taken is done with, also when a part was rejected', () => {
    const rejected = [{ index: 0, id: '7', reason: 'clock_skew', detail: 'ahead' }]
    expect(judgeAnswer(answered(200, { accepted: 3 }), 1, 0)).toEqual({ kind: 'delivered', rejected: [] })
    expect(judgeAnswer(answered(200, { rejected }), 1, 0)).toEqual({ kind: 'delivered', rejected })
    expect(judgeAnswer(answered(422, { rejected }), 1, 0)).toEqual({ kind: 'delivered', rejected })
  })

  test.each([
    [429, false],
    [500, true],
    [503, true],
  ])('after %d the whole request is sent again', (status, isAway) => {
    expect(judgeAnswer(answered(status), 1, 0)).toMatchObject({ kind: 'again', isAway })
  })

  test('a lost connection is tried again, later each time, up to ten seconds', () => {
    const waits = Array.from({ length: 12 }, (_, index) => judgeAnswer(UNREACHABLE, index + 1, 0.999))
    const times = waits.map(verdict => (verdict.kind === 'again' ? verdict.afterMs : 0))
    expect(times.slice(0, 4)).toEqual([500, 1_000, 1_999, 3_998])
    expect(times.at(-1)).toBeLessThanOrEqual(10_000)
    expect(times.toSorted((left, right) => left - right)).toEqual(times)
  })

  test('tills that failed together come back apart', () => {
    const early = judgeAnswer(UNREACHABLE, 3, 0)
    const late = judgeAnswer(UNREACHABLE, 3, 0.9)
    expect(early).toMatchObject({ afterMs: 1_000 })
    expect(late).toMatchObject({ afterMs: 1_900 })
  })

  test('Retry-After is kept, but no longer than a minute', () => {
    expect(judgeAnswer(answered(503, { retryAfterMs: 7_000 }), 1, 0)).toMatchObject({ afterMs: 7_000 })
    expect(judgeAnswer(answered(429, { retryAfterMs: 0 }), 1, 0)).toMatchObject({ afterMs: 250 })
    expect(judgeAnswer(answered(503, { retryAfterMs: 3_600_000 }), 1, 0)).toMatchObject({ afterMs: 60_000 })
  })

  test('a wrong key or an unknown shop is hopeless, and the message says what to do', () => {
    expect(judgeAnswer(answered(401), 1, 0)).toMatchObject({
      kind: 'hopeless',
      detail: expect.stringContaining('INTAKE_KEY'),
    })
    const rejected = [{ index: 0, id: '1', reason: 'unknown_store', detail: 'store "x" is not known' }]
    expect(judgeAnswer(answered(422, { rejected }), 1, 0)).toMatchObject({
      kind: 'hopeless',
      detail: expect.stringContaining('npm run seed -- --days 0'),
    })
  })

  test('what would be refused again is given up', () => {
    expect(judgeAnswer(answered(413), 1, 0)).toMatchObject({ kind: 'refused' })
  })
})
