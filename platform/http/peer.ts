import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** What is read of a request to know whence it comes. */
export type FromPeer = Pick<IncomingMessage, 'headers'> & {
  socket?: { remoteAddress?: string | undefined }
}

/** Who asks, and how the request came to the first door of ours. */
export interface Peer {
  /** IPv4, or the /64 of an IPv6 address: one subscriber has that many. `unknown` where the socket is gone. */
  address: string
  /** Over TLS, as a proxy that we trust says. */
  isSecure: boolean
}

/**
 * Reads who asks. What a request says of itself (`X-Forwarded-For`, `X-Forwarded-Proto`) anybody can write: it is
 * believed from the proxies named here alone, from right to left, up to the first address that is none of them.
 *
 * @param trustedProxies addresses and subnets: `10.0.0.5`, `10.1.0.0/16`, `fd00::/8`
 */
export function createPeerReader(trustedProxies: readonly string[]): (request: FromPeer) => Peer {
  const isTrusted = createProxyTrust(trustedProxies)

  return ({ headers, socket }) => {
    const nearest = plainAddress(socket?.remoteAddress ?? '')
    if (!isTrusted(nearest)) return { address: subscriberOf(nearest), isSecure: false }
    const named = valuesOf(headers['x-forwarded-for']).map(plainAddress)
    const sender = named.findLast(address => !isTrusted(address)) ?? named[0] ?? nearest
    return {
      // A proxy passes on what it was sent: an invented address is no name to be remembered.
      address: subscriberOf(isIP(sender) > 0 ? sender : nearest),
      isSecure: valuesOf(headers['x-forwarded-proto']).at(-1)?.toLowerCase() === 'https',
    }
  }
}

/** @returns whether an address is one of these proxies */
export function createProxyTrust(trustedProxies: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList()
  for (const proxy of trustedProxies) {
    const [address = '', bits] = proxy.split('/', 2)
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    trusted.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  return text => {
    const address = plainAddress(text)
    return isIP(address) > 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
}

/** Whether a text names a proxy or a subnet of them. */
export function isProxyName(text: string): boolean {
  const [address = '', bits, more] = text.split('/')
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return (
    most > 0 && more === undefined && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
  )
}

function valuesOf(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map(value => value.trim())
    .filter(value => value !== '')
}

/** Without port, brackets and zone; an IPv4 address in an IPv6 one as itself. */
function plainAddress(text: string): string {
  const bare = /^\[([^\]]*)\]/.exec(text)?.[1] ?? text.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
  return bare.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}

function subscriberOf(address: string): string {
  switch (isIP(address)) {
    case 4:
      return address
    case 6:
      return `${groupsOf(address).slice(0, 4).join(':')}::/64`
    default:
      return 'unknown'
  }
}

/** The groups of an IPv6 address, those that `::` leaves out among them. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map(group => group.replace(/^0+(?=.)/, ''))
  const first = groups(head)
  if (tail === undefined) return first
  const last = groups(tail)
  return [
    ...first,
    ...Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0'),
    ...last,
  ]
}
