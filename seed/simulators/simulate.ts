import type { SentEvent } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { createRandom } from '../random.ts'
import { newShopState, openShop, type ShopState } from '../shop/shop-state.ts'
import { createWorld, type WorldParameters } from '../world/world.ts'
import type { Rejected } from './judge-answer.ts'
import { createLiveShop } from './live-shop.ts'
import { ORDERS_PER_MINUTE, paceOf } from './pace.ts'
import type { PostEvents } from './post-events.ts'
import { createSender, type Sender } from './sender.ts'

export interface Simulation {
  world: WorldParameters
  /** The shops as the last run left them, and what it could not deliver. */
  shops: Record<string, ShopState>
  outboxes: Record<string, SentEvent[]>
  speed: number
  post: PostEvents
  clock(): Instant
  /** Resolves after that time, or at once when `stop` fires. */
  wait(milliseconds: number): Promise<void>
  stop: AbortSignal
  /** Told now and then, and at the end, how the shops stand. */
  save(record: { shops: Record<string, ShopState>; outboxes: Record<string, SentEvent[]> }): Promise<void>
  tell: Tell
}

export interface Tell {
  intakeAway(): void
  intakeBack(): void
  rejected(rejected: Rejected): void
  refused(detail: string): void
  summary(sent: SentCounts): void
}

export interface SentCounts {
  events: number
  again: number
  held: number
  waiting: number
}

/** Nothing that is sent will be taken. The message says what to do. */
export class HopelessError extends Error {
  override readonly name = 'HopelessError'
}

const STEP_MS = 250
const SAVE_EVERY_MS = 5 * SECOND_MS
const SUMMARY_EVERY_MS = MINUTE_MS
/** How often a sender loses its line for a while, per event. */
const HELD = { chance: 0.004, leastMs: 40 * SECOND_MS, mostMs: 110 * SECOND_MS }
/** A till whose memory is full sells no more: the shop waits until its senders get rid of what they have. */
const MOST_WAITING = 1_000

/**
 * Plays the shops until `stop` fires. Senders run apart from each other, each in its own order.
 * @throws HopelessError when the intake refuses the key or does not know the shops
 */
export async function simulate(simulation: Simulation): Promise<void> {
  const { clock, wait, stop, speed, tell } = simulation
  const world = createWorld(simulation.world)
  const startedAt = clock()
  // The start's time in every id: no two runs give the same one.
  const series = startedAt.toString(36)
  const random = createRandom(startedAt, 'simulate')
  const counts: SentCounts = { events: 0, again: 0, held: 0, waiting: 0 }
  const senders = new Map<string, Sender>()
  const intake = watchIntake(tell)
  let hopeless: string | undefined

  function senderOf(source: string): Sender {
    const known = senders.get(source)
    if (known) return known
    const sender = createSender(
      {
        ...simulation,
        random,
        onSent({ events, again }) {
          counts[again ? 'again' : 'events'] += events
        },
        onRejected(rejected) {
          for (const one of rejected) tell.rejected(one)
        },
        onRefused: detail => tell.refused(detail),
        onHopeless: detail => {
          hopeless = detail
        },
        onIntake: isAway => intake.seen(isAway),
      },
      simulation.outboxes[source],
    )
    senders.set(source, sender)
    return sender
  }

  const states = Object.fromEntries(
    world.shops.map(shop => [shop.id, simulation.shops[shop.id] ?? newShopState(world)]),
  )
  const dayMs = (world.ordersPerDay / (ORDERS_PER_MINUTE * speed)) * MINUTE_MS
  const shops = world.shops.map(shop =>
    createLiveShop(
      openShop({
        world,
        shop,
        state: states[shop.id] ?? newShopState(world),
        random: createRandom(startedAt, 'simulate', shop.id),
        series,
      }),
      { startedAt, dayMs },
    ),
  )
  for (const source of Object.keys(simulation.outboxes)) senderOf(source)
  const save = () =>
    simulation.save({
      shops: states,
      outboxes: Object.fromEntries(
        [...senders].flatMap(([source, { outbox }]) => (outbox.length > 0 ? [[source, [...outbox]]] : [])),
      ),
    })

  let savedAt = startedAt
  let toldAt = startedAt
  while (!stop.aborted) {
    const now = clock()
    counts.waiting = [...senders.values()].reduce((sum, { outbox }) => sum + outbox.length, 0)
    const pace = paceOf(world.shops, now, speed)
    shops.forEach((shop, index) => {
      const isFull = counts.waiting >= MOST_WAITING
      for (const event of shop.step(now, isFull ? 0 : (pace[index] ?? 0))) {
        const sender = senderOf(event.source)
        sender.add(event)
        if (event.type === 'order.placed' && random.chance(HELD.chance)) {
          counts.held += 1
          sender.holdUntil(now + random.integer(HELD.leastMs, HELD.mostMs))
        }
      }
    })
    if (hopeless !== undefined) throw new HopelessError(hopeless)
    if (now - savedAt >= SAVE_EVERY_MS) {
      savedAt = now
      await save()
    }
    if (now - toldAt >= SUMMARY_EVERY_MS) {
      toldAt = now
      tell.summary({ ...counts })
      Object.assign(counts, { events: 0, again: 0, held: 0 })
    }
    await wait(STEP_MS)
  }
  await Promise.all([...senders.values()].map(sender => sender.drained()))
  await save()
}

/** Says once that the intake is away, and once that it is back. */
function watchIntake(tell: Tell): { seen(isAway: boolean): void } {
  let isAwayNow = false
  return {
    seen(isAway) {
      if (isAway && !isAwayNow) tell.intakeAway()
      if (!isAway && isAwayNow) tell.intakeBack()
      isAwayNow = isAway
    },
  }
}
