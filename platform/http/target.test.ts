import { expect, test } from 'vitest'
import type { HttpProblem } from './problem.ts'
import { isPlainText, refuseMalformedTarget } from './target.ts'

function statusOf(url: string): number | null {
  try {
    refuseMalformedTarget({ url })
    return null
  } catch (error) {
    return (error as HttpProblem).status
  }
}

test.each([
  '/',
  '*',
  '/reports?from=2026-01-01&store=berlin-mitte,k%C3%B6ln&q=100%',
  '/live?q=%F0%9F%9B%92%20a+b',
  '/a//b/../c?a?b',
])('an address that is text passes: %s', url => {
  expect(statusOf(url)).toBeNull()
})

test.each([
  ['NUL in the path', '/a%00b', 400],
  ['NUL in the query', '/?store=%00', 400],
  ['NUL in the name of a parameter', '/?a%00=1', 400],
  ['half a character', '/?q=%ED%A0%80', 400],
  ['half a character in the path', '/%ed%bf%bf', 400],
  ['no UTF-8', '/?q=%FF', 400],
  ['an overlong NUL', '/?q=%C0%80', 400],
  ['bytes that are not escaped', '/?q=é', 400],
  ['a broken escape in the path', '/%zz', 400],
  ['a cut escape in the path', '/%c', 400],
  ['another origin', 'http://evil.example.com/', 400],
  ['a long one', `/?q=${'x'.repeat(8_192)}`, 414],
])('an address is refused with %s', (_what, url, status) => {
  expect(statusOf(url)).toBe(status)
})

test.each([
  ['Köln 🛒', true],
  ['a\0', false],
  ['\ud800', false],
  ['\udc00\ud800', false],
])('%j is plain text: %s', (text, expected) => {
  expect(isPlainText(text)).toBe(expected)
})
