import { describe, expect, test } from 'vitest'
import { createPeerReader, isProxyName } from './peer.ts'

const asked = (remoteAddress: string | undefined, headers: Record<string, string> = {}) => ({
  headers,
  socket: { remoteAddress },
})

describe('who asks', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001::7', '2001:db8:1:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    [undefined, 'unknown'],
  ])('from %s is %s', (remoteAddress, address) => {
    expect(createPeerReader([])(asked(remoteAddress))).toEqual({ address, isSecure: false })
  })

  test('is not what a request says of itself', () => {
    const headers = { 'x-forwarded-for': '198.51.100.1', 'x-forwarded-proto': 'https' }
    expect(createPeerReader([])(asked('192.0.2.7', headers))).toEqual({
      address: '192.0.2.7',
      isSecure: false,
    })
  })

  test.each([
    ['198.51.100.1', '198.51.100.1'],
    ['6.6.6.6, 198.51.100.1', '198.51.100.1'],
    ['6.6.6.6, 198.51.100.1, 10.1.2.3', '198.51.100.1'],
    ['198.51.100.1:4711', '198.51.100.1'],
    ['[2001:db8::7]:4711', '2001:db8:0:0::/64'],
    ['10.1.2.3', '10.1.2.3'],
    ['unknown', '127.0.0.1'],
    ['', '127.0.0.1'],
    [`${'9'.repeat(5_000)}`, '127.0.0.1'],
  ])('is what proxies that we trust say of %s: %s', (forwarded, address) => {
    const peerOf = createPeerReader(['127.0.0.1', '10.1.0.0/16'])
    const headers = { 'x-forwarded-for': forwarded, 'x-forwarded-proto': 'http, https' }
    expect(peerOf(asked('127.0.0.1', headers))).toEqual({ address, isSecure: true })
  })
})

test.each([
  ['127.0.0.1', true],
  ['10.1.0.0/16', true],
  ['fd00::/8', true],
  ['10.1.0.0/33', false],
  ['10.1.0.0/', false],
  ['10.1.0.0/8/8', false],
  ['proxy.example.com', false],
  ['', false],
])('%j names a proxy: %s', (text, expected) => {
  expect(isProxyName(text)).toBe(expected)
})
