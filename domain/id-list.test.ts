import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseIds, writeIds } from './id-list.ts'

/** Ids that a store may have: any printable characters, 128 of them at most. */
const AWKWARD = [
  'a/b',
  'ä b%',
  'x#?&',
  '..',
  '.',
  '"quoted"',
  "it's",
  'a,b',
  '%2C',
  '%25',
  '=1+1',
  'مخزن',
  'x'.repeat(128),
]

test('ids of any printable characters come back from an address', () => {
  const through = (ids: readonly string[]) => {
    const address = new URL('http://dashboard/reports')
    address.searchParams.set('stores', writeIds(ids))
    return parseIds(new URL(address.href).searchParams.get('stores') ?? '')
  }
  expect(through(AWKWARD)).toEqual(AWKWARD)
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })), ids => {
      expect(through(ids)).toEqual(ids)
    }),
  )
})

test('plain ids are written as they are, and what was written by hand is read', () => {
  expect(writeIds(['berlin-mitte', 'new york'])).toBe('berlin-mitte,new york')
  expect(parseIds('berlin,,50%')).toEqual(['berlin', '50%'])
})
