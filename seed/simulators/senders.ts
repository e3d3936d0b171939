import type { Instant } from '#domain/instant.ts'
import type { Random } from '#seed/world/random.ts'
import type { PostEvents, Rejected } from './post-events.ts'
import { createSender, isPlanted, type Outgoing, type Sender } from './sender.ts'

export interface SenderTell {
  intakeAway(): void
  intakeBack(): void
  /** @param planted what was wrong with it, where that was on purpose */
  rejected(rejected: Rejected, planted: string | null): void
  refused(detail: string): void
}

/** All senders by source, each apart from the others, as tills are. */
export interface Senders {
  of(source: string): Sender
  /** What none of them has delivered yet, by source. */
  outboxes(): Record<string, Outgoing[]>
  readonly waiting: number
  /** Why nothing that is sent will ever be taken; undefined while there is hope. */
  readonly hopeless: string | undefined
  /** How much was sent, and again, since the call before. */
  takeCounts(): { events: number; again: number }
  drained(): Promise<void>
}

export function createSenders(options: {
  post: PostEvents
  random: Random
  clock(): Instant
  wait(milliseconds: number): Promise<void>
  stop: AbortSignal
  tell: SenderTell
  outboxes: Record<string, Outgoing[]>
}): Senders {
  const { tell, outboxes } = options
  const senders = new Map<string, Sender>()
  const intake = watchIntake(tell)
  let counts = { events: 0, again: 0 }
  let hopeless: string | undefined

  function of(source: string): Sender {
    const known = senders.get(source)
    if (known) return known
    const sender = createSender(
      {
        ...options,
        onSent({ events, again }) {
          counts[again ? 'again' : 'events'] += events
        },
        onRejected: (rejected, outgoing) =>
          tell.rejected(rejected, outgoing && isPlanted(outgoing) ? outgoing.planted : null),
        onRefused: tell.refused,
        onHopeless(detail) {
          hopeless = detail
        },
        onIntake: intake.seen,
      },
      outboxes[source],
    )
    senders.set(source, sender)
    return sender
  }

  for (const source of Object.keys(outboxes)) of(source)
  return {
    of,
    outboxes: () =>
      Object.fromEntries(
        [...senders].flatMap(([source, { outbox }]) => (outbox.length > 0 ? [[source, [...outbox]]] : [])),
      ),
    get waiting() {
      let sum = 0
      for (const { outbox } of senders.values()) sum += outbox.length
      return sum
    },
    get hopeless() {
      return hopeless
    },
    takeCounts() {
      const taken = counts
      counts = { events: 0, again: 0 }
      return taken
    },
    async drained() {
      await Promise.all([...senders.values()].map(sender => sender.drained()))
    },
  }
}

/** Says once that the intake is away, and once that it is back. */
function watchIntake(tell: SenderTell): { seen(isAway: boolean): void } {
  let isAwayNow = false
  return {
    seen(isAway) {
      if (isAway && !isAwayNow) tell.intakeAway()
      if (!isAway && isAwayNow) tell.intakeBack()
      isAwayNow = isAway
    },
  }
}
