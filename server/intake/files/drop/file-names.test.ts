import { expect, test } from 'vitest'
import { displayName, joinPath, MAX_NAME_BYTES, withSuffix } from './file-names.ts'

test.each<[Buffer, string]>([
  [Buffer.from('2026-11-20 Käse 🧀.csv'), '2026-11-20 Käse 🧀.csv'],
  [Buffer.from('K\u00e4se.csv', 'latin1'), 'K\\xE4se.csv'],
  [Buffer.from([0xff, 0x61, 0xc3]), '\\xFFa\\xC3'],
  [Buffer.from('a\nb\u2028c\u0007.csv'), 'a\\x0Ab\\xE2\\x80\\xA8c\\x07.csv'],
  [Buffer.from('a\\xFF'), 'a\\\\xFF'],
])('%s is shown so that it can be told from every other name', (name, text) => {
  expect(displayName(name)).toBe(text)
})

test('a path keeps the bytes of its names', () => {
  expect(joinPath('/drop', Buffer.from([0xe4]), 'x')).toEqual(
    Buffer.concat([Buffer.from('/drop/'), Buffer.from([0xe4]), Buffer.from('/x')]),
  )
})

test('a suffix that does not fit shortens the name: no character is halved and no two names become one', () => {
  expect(withSuffix(Buffer.from('1.csv'), '.rejects.csv').toString()).toBe('1.csv.rejects.csv')
  const one = Buffer.from(`${'ä'.repeat(124)}1`)
  const other = Buffer.from(`${'ä'.repeat(124)}2`)
  const names = [one, other].map(name => withSuffix(name, '.rejects.csv'))
  for (const name of names) {
    expect(name.length).toBeLessThanOrEqual(MAX_NAME_BYTES)
    expect(name.toString()).toMatch(/^ä+~[0-9a-f]{16}\.rejects\.csv$/)
  }
  expect(names[0]?.equals(names[1] ?? names[0])).toBe(false)
})
