import { describe, expect, it } from 'vitest'
import { type Session, session } from './windower.ts'

const GAP = 30

const windower = session<number, number>({ gapMs: GAP, nothing: 0, add: (sum, item) => sum + item })

/** What a key is held as after an item of 1 at this time. */
function heldAfter(open: Session<number> | null, at: number) {
  return windower.add(open, 1, at)
}

const open: Session<number> = { start: 100, end: 110, sum: 5 }

describe('a session', () => {
  it('goes on with an item that comes the gap after its end, and not a moment later, however far time has come', () => {
    expect(heldAfter(open, 110 + GAP)).toMatchObject({
      begins: false,
      state: { start: 100, end: 140, sum: 6 },
    })
    expect(heldAfter(open, 111 + GAP)).toMatchObject({
      begins: true,
      state: { start: 141, end: 141, sum: 1 },
    })
  })

  it('takes in an item that lies the gap before its start, and leaves one that lies further away apart', () => {
    const joined = heldAfter(open, 100 - GAP)
    expect(joined).toMatchObject({ begins: false, state: { start: 70, end: 110, sum: 6 } })
    expect(joined.isApart).toBeUndefined()
    expect(heldAfter(open, 99 - GAP)).toEqual({
      state: open,
      view: { start: 69, end: 69, sum: 1 },
      expiresAt: 110 + GAP,
      begins: true,
      isApart: true,
    })
  })

  it('means nothing any more once the gap has passed since its last item, whichever item came last', () => {
    expect(heldAfter(null, 200).expiresAt).toBe(200 + GAP)
    expect(heldAfter(open, 120).expiresAt).toBe(120 + GAP)
    expect(heldAfter(open, 90).expiresAt).toBe(110 + GAP)
  })
})
