import { describe, expect, it } from 'vitest'
import { EVERYTHING, forWhom, wishesText } from './notification-words.ts'
import { outboxWords } from './outbox-card.tsx'

const names = {
  stores: [{ store: 'berlin', name: 'Berlin Mitte' } as never],
  suppliers: [{ supplier: 'leaf', name: 'Leaf & Co' }],
}

describe('what a subscription tells', () => {
  it('is said in a sentence', () => {
    expect(wishesText(EVERYTHING, names)).toBe('All alerts; at once.')
    const narrow = {
      ...EVERYTHING,
      kinds: ['shortage' as const, 'fraud' as const, 'silence' as const],
      leastSeverity: 'critical' as const,
      stores: ['berlin', 'gone'],
      suppliers: ['leaf'],
      categories: ['Tea', 'Cups', 'Pans', 'Lids'],
      digestMinutes: 60,
      quiet: { from: '22:00', to: '07:00', zone: 'Europe/Berlin' },
    }
    expect(wishesText(narrow, names)).toBe(
      'Shortages, fraud and silence, critical alone, of Berlin Mitte, gone; 4 categories; Leaf & Co; at most once an hour; quiet from 22:00 to 07:00 (Europe/Berlin) unless critical.',
    )
    expect(wishesText({ ...EVERYTHING, digestMinutes: 7 }, names)).toContain('at most every 7 minutes')
  })

  it('says whom it is for', () => {
    expect(forWhom({ way: 'app', person: null, address: null })).toBe('everybody')
    expect(forWhom({ way: 'app', person: 'Ada', address: null })).toBe('Ada')
    expect(forWhom({ way: 'email', person: 'Ada', address: 'ada@shop.example' })).toBe(
      'Ada, ada@shop.example',
    )
    expect(forWhom({ way: 'webhook', person: null, address: 'https://x.example' })).toBe('https://x.example')
    expect(forWhom({ way: 'push', person: null, address: 'https://push' })).toBe('whoever uses that browser')
  })
})

describe('the outbox', () => {
  it('says nothing of a mail server that it does not know of', () => {
    expect(outboxWords(null)).toEqual({})
    expect(outboxWords(false).note).toContain('no mail server')
    expect(outboxWords(true).advice).toContain('go to the mail server')
  })
})
