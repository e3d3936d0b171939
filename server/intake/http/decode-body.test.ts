import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sliceArrayElements } from './decode-body.ts'

const texts = (json: string): string[] =>
  sliceArrayElements(Buffer.from(json)).map(bytes => Buffer.from(bytes).toString())

test('the pieces of any array are its elements, as they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.integer({ min: 0, max: 3 }), (values, indent) => {
      const pieces = texts(JSON.stringify(values, null, indent))
      expect(pieces.map(piece => JSON.parse(piece))).toEqual(JSON.parse(JSON.stringify(values)))
    }),
  )
})

test('spelling, spaces and repeated keys are kept; brackets in strings are no brackets', () => {
  expect(texts('[ {"a" : 1.50, "a":2} ,"]},[\\"{", 1e5 , [[ ]] ]')).toEqual([
    '{"a" : 1.50, "a":2}',
    '"]},[\\"{"',
    '1e5',
    '[[ ]]',
  ])
  expect(texts('[]')).toEqual([])
})

test('it does not recurse', () => {
  const deep = '['.repeat(300_000) + ']'.repeat(300_000)
  expect(texts(`[1,${deep}]`)).toHaveLength(2)
})
