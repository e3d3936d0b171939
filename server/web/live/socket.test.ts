import { describe, expect, it } from 'vitest'
import { TOPICS, wantsStore } from './cursor.ts'
import { parseAuth } from './socket.ts'

describe('what a client sends when it connects', () => {
  it('is everything when nothing is asked for', () => {
    const { subscription, since } = parseAuth(undefined)
    expect([...subscription.topics]).toEqual([...TOPICS])
    expect(wantsStore(subscription, 'anywhere')).toBe(true)
    expect(since).toBeNull()
  })

  it('may be the cursor it has', () => {
    expect(parseAuth({ since: 'abc', stores: ['a'] }).since).toBe('abc')
  })

  it.each([[{ topics: ['gossip'] }], [{ stores: 'a' }], [{ since: 5 }], ['text']])(
    'is refused as %j, with what may be sent',
    auth => {
      expect(() => parseAuth(auth)).toThrow('Send { since?, topics?: [sales, windows')
    },
  )
})
