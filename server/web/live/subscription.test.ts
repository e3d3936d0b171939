import { describe, expect, it } from 'vitest'
import { parseSubscription, subscriptionOf, TOPICS, wantsStore } from './subscription.ts'

describe('a subscription', () => {
  it('is everything when nothing is asked for', () => {
    const { subscription, since } = parseSubscription(undefined)
    expect([...subscription.topics]).toEqual([...TOPICS])
    expect(wantsStore(subscription, 'anywhere')).toBe(true)
    expect(since).toBeNull()
  })

  it('has one key in whatever order it is asked for, and another for other stores', () => {
    const key = subscriptionOf(['sales', 'stock'], ['a', 'b']).key
    expect(subscriptionOf(['stock', 'sales', 'sales'], ['b', 'a']).key).toBe(key)
    expect(subscriptionOf(['sales', 'stock'], ['a']).key).not.toBe(key)
    expect(subscriptionOf(['sales'], ['a', 'b']).key).not.toBe(key)
    expect(key).toMatch(/^[0-9a-z]+$/)
  })

  it('takes the cursor of the client', () => {
    expect(parseSubscription({ since: 'abc', stores: ['a'] }).since).toBe('abc')
  })

  it.each([[{ topics: ['gossip'] }], [{ stores: 'a' }], [{ since: 5 }], ['text']])(
    'refuses %j and says what may be sent',
    auth => {
      expect(() => parseSubscription(auth)).toThrow('Send { since?, topics?: [sales, windows')
    },
  )
})
