import { expect, test } from 'vitest'
import { plainArray, textArray } from './pg-array.ts'

test('texts are quoted, whatever they hold; null is none', () => {
  const texts = ['a', 'b,c', '{d}', 'say "e"', 'f\\g', '', 'NULL', null]
  expect(textArray(texts, text => text)).toBe(String.raw`{"a","b,c","{d}","say \"e\"","f\\g","","NULL",NULL}`)
  expect(textArray([], String)).toBe('{}')
})

test('numbers and dates stand as they are', () => {
  expect(plainArray([1, null, -2], value => value)).toBe('{1,NULL,-2}')
  expect(plainArray(['2026-11-20'], value => value)).toBe('{2026-11-20}')
})
