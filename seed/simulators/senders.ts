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

export type Senders = ReturnType<typeof createSenders>

/** All senders by source, each apart from the others, as tills are. */
export function createSenders(options: {
  post: PostEvents
  random: Random
  clock(): Instant
  wait(milliseconds: number): Promise<void>
  stop: AbortSignal
  tell: SenderTell
  outboxes: Record<string, Outgoing[]>
}) {
  const { tell, outboxes } = options
  const senders = new Map<string, Sender>()
  let isAwayNow = false
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
        onIntake(isAway) {
          if (isAway && !isAwayNow) tell.intakeAway()
          if (!isAway && isAwayNow) tell.intakeBack()
          isAwayNow = isAway
        },
      },
      outboxes[source],
    )
    senders.set(source, sender)
    return sender
  }

  for (const source of Object.keys(outboxes)) of(source)
  return {
    of,
    /** What none of them has delivered yet, by source. */
    outboxes: (): Record<string, Outgoing[]> =>
      Object.fromEntries(
        [...senders].flatMap(([source, { outbox }]) => (outbox.length > 0 ? [[source, [...outbox]]] : [])),
      ),
    get waiting() {
      let sum = 0
      for (const { outbox } of senders.values()) sum += outbox.length
      return sum
    },
    /** Why nothing that is sent will ever be taken; undefined while there is hope. */
    get hopeless() {
      return hopeless
    },
    /** How much was sent, and again, since the call before. */
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
