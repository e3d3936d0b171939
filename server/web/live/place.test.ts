import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCursor, encodeCursor } from './cursor.ts'

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const anyPlace = fc.record({
  generation: number,
  offsets: fc.array(number, { minLength: 1, maxLength: 8 }),
  ops: number,
})

describe('a cursor', () => {
  it('gives back the place it was made of, under the same subscription only', () => {
    fc.assert(
      fc.property(anyPlace, place => {
        const cursor = encodeCursor(place, 'abc')
        expect(decodeCursor(cursor, 'abc')).toEqual(place)
        expect(decodeCursor(cursor, 'abd')).toBeNull()
      }),
    )
  })

  it('is opaque text that needs no escaping', () => {
    expect(encodeCursor({ generation: 1, offsets: [5, 0], ops: 3 }, 'k')).toMatch(/^[\w-]+$/)
  })

  it('is refused when it is no cursor, whatever was sent', () => {
    fc.assert(fc.property(fc.string(), text => decodeCursor(text, 'abc') === null))
    const foreign = Buffer.from('2:1:5.0:3:abc').toString('base64url')
    expect(decodeCursor(foreign, 'abc')).toBeNull()
    const huge = Buffer.from('1:1:99999999999999999999:3:abc').toString('base64url')
    expect(decodeCursor(huge, 'abc')).toBeNull()
  })
})
