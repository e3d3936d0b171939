import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { createRandom, type Random } from '#seed/world/random.ts'
import { judgeAnswer, type PostEvents, type Rejected } from './post-events.ts'

/** Something wrong that is sent on purpose: the intake is to make a dead letter of it. */
export interface Planted {
  /** What is wrong with it, for the log. */
  planted: string
  /** One line as it goes out: it need not be JSON. */
  body: string
}

/** What a sender sends. */
export type Outgoing = SentEvent | Planted

/** Something that happened in a shop, when it happened, and how far off the clock of its sender is. */
export interface Happening {
  event: SentEvent
  clockMs: number
}

/** The intake takes what is up to so far ahead of its own clock. */
const TOLERATED_AHEAD_MS = 2 * MINUTE_MS

export function isPlanted(outgoing: Outgoing): outgoing is Planted {
  return 'planted' in outgoing
}

/** The line of a request that carries it. */
export function lineOf(outgoing: Outgoing): string {
  return isPlanted(outgoing) ? outgoing.body : JSON.stringify(outgoing)
}

/** What the sender makes of it: the time is its own clock's. The same whenever it is asked. */
export function asSent({ event, clockMs }: Happening): Outgoing {
  if (clockMs === 0) return event
  const sent = { ...event, eventTime: formatInstant(Date.parse(event.eventTime) + clockMs) }
  return clockMs < TOLERATED_AHEAD_MS
    ? sent
    : { planted: `the clock of ${event.source} is ahead`, body: JSON.stringify(sent) }
}

/** No till's own clock is further off than this. */
export const MOST_OFF_MS = 8 * SECOND_MS

const USUALLY_OFF_MS = 1_500
/** Some tills have not asked for the time in months. */
const AHEAD = { chance: 0.12, leastMs: 4 * SECOND_MS, mostMs: MOST_OFF_MS }

/** How far off the clock of a till is: nearly none is right. The same for the same till, also after a restart. */
export function clockOf(source: string): number {
  const random = createRandom(1, 'clock', source)
  return random.chance(AHEAD.chance)
    ? random.integer(AHEAD.leastMs, AHEAD.mostMs)
    : random.integer(-USUALLY_OFF_MS, USUALLY_OFF_MS)
}

export interface SenderContext {
  post: PostEvents
  random: Random
  clock(): Instant
  /** Resolves after that time, or at once when the simulation stops. */
  wait(milliseconds: number): Promise<void>
  stop: AbortSignal
  onSent(sent: { events: number; again: boolean }): void
  onRejected(rejected: Rejected, outgoing: Outgoing | undefined): void
  onRefused(detail: string): void
  onHopeless(detail: string): void
  /** Whether the intake answers, as this sender sees it. */
  onIntake(isAway: boolean): void
}

export type Sender = ReturnType<typeof createSender>

const MOST_EVENTS = 100
/** How soon a till notices that its line is back. */
const LOOK_AT_LINE_MS = SECOND_MS
/** How often a request is sent a second time although it was answered: an answer that got lost on the way. */
const SENT_TWICE = 0.015

/** One source of events: a till, the web shop, a stock room. It sends in order, one request at a time. */
export function createSender(context: SenderContext, outbox: Outgoing[] = []) {
  const { clock, wait, stop } = context
  let heldUntil = 0
  let isHopeless = false
  let sending: Promise<void> | undefined

  function start(): void {
    sending ??= sendAll().finally(() => {
      sending = undefined
    })
  }

  async function sendAll(): Promise<void> {
    while (outbox.length > 0 && !stop.aborted && !isHopeless) {
      const held = heldUntil - clock()
      if (held > 0) await wait(Math.min(held, LOOK_AT_LINE_MS))
      else await sendOne()
    }
  }

  async function sendOne(): Promise<void> {
    const events = outbox.slice(0, MOST_EVENTS)
    const outcome = await deliver(context, events)
    isHopeless = outcome === 'hopeless'
    if (outcome !== 'delivered') return
    outbox.splice(0, events.length)
    context.onSent({ events: events.length, again: false })
    const again = events.filter(outgoing => !isPlanted(outgoing))
    if (again.length > 0 && context.random.chance(SENT_TWICE)) {
      await context.post(again.map(lineOf))
      context.onSent({ events: again.length, again: true })
    }
  }

  if (outbox.length > 0) start()
  return {
    /** What is not delivered yet, oldest first. */
    outbox: outbox as readonly Outgoing[],
    add(outgoing: Outgoing): void {
      outbox.push(outgoing)
      start()
    },
    /** Holds back what it has until then, as a till without a line does. */
    holdUntil(instant: Instant): void {
      heldUntil = Math.max(heldUntil, instant)
    },
    /** Its line is back before that. */
    release(): void {
      heldUntil = 0
    },
    /** Resolves when the outbox is empty or the simulation stops. */
    async drained(): Promise<void> {
      await sending
    },
  }
}

/** Sends a request until the intake took it, the simulation stops, or there is no use. */
async function deliver(
  context: SenderContext,
  events: readonly Outgoing[],
): Promise<'delivered' | 'stopped' | 'hopeless'> {
  const lines = events.map(lineOf)
  for (let attempt = 1; !context.stop.aborted; attempt += 1) {
    const answer = await context.post(lines)
    if (context.stop.aborted && answer.kind === 'unreachable') return 'stopped'
    const verdict = judgeAnswer(answer, attempt, context.random.next())
    context.onIntake(verdict.kind === 'again' && verdict.isAway)
    switch (verdict.kind) {
      case 'delivered':
        for (const rejected of verdict.rejected) context.onRejected(rejected, events[rejected.index])
        return 'delivered'
      case 'refused':
        context.onRefused(verdict.detail)
        return 'delivered'
      case 'hopeless':
        context.onHopeless(verdict.detail)
        return 'hopeless'
      case 'again':
        await context.wait(verdict.afterMs)
    }
  }
  return 'stopped'
}
