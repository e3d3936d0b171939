import type { SentEvent } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import type { Random } from '../random.ts'
import { judgeAnswer, type Rejected } from './judge-answer.ts'
import type { PostEvents } from './post-events.ts'

export interface SenderContext {
  post: PostEvents
  random: Random
  clock(): Instant
  /** Resolves after that time, or at once when the simulation stops. */
  wait(milliseconds: number): Promise<void>
  stop: AbortSignal
  onSent(sent: { events: number; again: boolean }): void
  onRejected(rejected: readonly Rejected[]): void
  onRefused(detail: string): void
  onHopeless(detail: string): void
  /** Whether the intake answers, as this sender sees it. */
  onIntake(isAway: boolean): void
}

/** One source of events: a till, the web shop, a stock room. It sends in order, one request at a time. */
export interface Sender {
  add(event: SentEvent): void
  /** Holds back what it has until then, as a till without a line does. */
  holdUntil(instant: Instant): void
  /** What is not delivered yet, oldest first. */
  readonly outbox: readonly SentEvent[]
  /** Resolves when the outbox is empty or the simulation stops. */
  drained(): Promise<void>
}

const MOST_EVENTS = 100
/** How often a request is sent a second time although it was answered: an answer that got lost on the way. */
const SENT_TWICE = 0.015

export function createSender(context: SenderContext, outbox: SentEvent[] = []): Sender {
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
      if (held > 0) await wait(held)
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
    if (context.random.chance(SENT_TWICE)) {
      await context.post(events)
      context.onSent({ events: events.length, again: true })
    }
  }

  if (outbox.length > 0) start()
  return {
    outbox,
    add(event) {
      outbox.push(event)
      start()
    },
    holdUntil(instant) {
      heldUntil = Math.max(heldUntil, instant)
    },
    async drained() {
      await sending
    },
  }
}

/** Sends a request until the intake took it, the simulation stops, or there is no use. */
async function deliver(
  context: SenderContext,
  events: readonly SentEvent[],
): Promise<'delivered' | 'stopped' | 'hopeless'> {
  for (let attempt = 1; !context.stop.aborted; attempt += 1) {
    const answer = await context.post(events)
    if (context.stop.aborted && answer.kind === 'unreachable') return 'stopped'
    const verdict = judgeAnswer(answer, attempt, context.random.next())
    context.onIntake(verdict.kind === 'again' && verdict.isAway)
    switch (verdict.kind) {
      case 'delivered':
        if (verdict.rejected.length > 0) context.onRejected(verdict.rejected)
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
