import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { Random } from '#seed/world/random.ts'
import type { OrderPlaced } from '../shop/shop-state.ts'

/** Who is in the web shop. Most look around and leave; a few order, and fewer a second time. */
export interface WebSessions {
  /** Gives an order to one of the sessions: its id, and its customer for every order after the first. */
  order(order: OrderPlaced, at: Instant): void
}

const BROWSING_MS = 6 * MINUTE_MS
/** Sessions for one that orders. */
const VISITORS_PER_ORDER = 4
const ORDERS_AGAIN = 0.08
const MOST_SESSIONS = 5_000

interface Session {
  id: string
  leavesAt: Instant
  customer: string | null
}

export function createWebSessions(random: Random): WebSessions {
  let sessions: Session[] = []

  function arrive(at: Instant): void {
    sessions = sessions.filter(({ leavesAt }) => leavesAt > at)
    for (let count = 0; count < VISITORS_PER_ORDER && sessions.length < MOST_SESSIONS; count += 1) {
      sessions.push({
        id: `s-${random.integer(0, 0xffffffff).toString(16).padStart(8, '0')}`,
        leavesAt: at + Math.ceil(random.exponential(BROWSING_MS)),
        customer: null,
      })
    }
  }

  return {
    order(order, at) {
      arrive(at)
      const place = random.integer(0, sessions.length - 1)
      const session = sessions[place]
      if (!session) return
      order.session = session.id
      if (session.customer !== null) order.customer = session.customer
      if (order.customer !== undefined && random.chance(ORDERS_AGAIN)) session.customer = order.customer
      else sessions.splice(place, 1)
    },
  }
}
