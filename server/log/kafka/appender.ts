import { SECOND_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { pause } from '#platform/time.ts'
import {
  type AppendOutcome,
  type AppendResult,
  LogUnavailableError,
  type PartitionEvents,
} from '#server/log/order-log.ts'
import { asUnavailable, type Cluster } from './cluster.ts'
import { createLane, type Lane } from './lane.ts'
import { createPlainWriter } from './plain-writer.ts'
import { BATCH_BYTES, bytesOf } from './produce.ts'
import type { TopicReader } from './reader.ts'
import { encodeEvent, toOffset } from './record.ts'
import type { BatchId, KeyedEvent, Reservation, Reservations } from './reservations.ts'
import { createSettler } from './settler.ts'
import { assertStorable } from './storable.ts'
import { type Session, SessionOverError, type WriteStep } from './topic-writer.ts'
import { createTransactionalWriter } from './transactional-writer.ts'

// An append, step by step. Whoever dies between two of them leaves what the next one to meet it can decide (settler.ts).
//
//   reserve   keys and a row of the batch, in Postgres    unknown keys are ours; nobody else takes them
//      │
//   write     one record batch, or one transaction        they stand, all of them, or they never will
//      │
//   settle    the batch's row goes, in Postgres           what is sent again is known
//
// The answer is given after `write`: the events stand then, and who finds the row finds them.

/** Told at every step of an append; tests stop the process there. */
export type AppendStep = 'reserving' | 'reserved' | WriteStep | 'written' | 'answering'

export interface AppenderParts {
  cluster: Cluster
  reader: TopicReader
  reservations: Reservations
  onStep?: ((step: AppendStep) => void) | undefined
  /** After which the broker takes a transaction back that nobody ends. */
  transactionWithinMs?: number | undefined
}

/** How long keys of another's batch, or a change of a store, may hold up an append. */
const HELD_WITHIN_MS = 8 * SECOND_MS
const HELD_PAUSE_MS = 10

/** An append whose write came to nothing begins anew; a broker that is away is given up at once. */
const MAX_TRIES = 3

/** More batches than a writer ever makes. */
const BATCHES_OF_WRITER = 2 ** 32

interface Group {
  partition: number
  events: readonly LogEvent[]
  values: readonly Buffer[]
}

/** Of those for transactions: while the broker ends a transaction of one, the other has its own. */
const LANES = 2

/** The way into the topic: recognition in Postgres, writing in Kafka. */
export function createTopicAppender({
  cluster,
  reader,
  reservations,
  onStep = () => {},
  transactionWithinMs,
}: AppenderParts) {
  /** For what goes to one partition, by it: a record batch stands whole or not at all. */
  const plain = new Map<number, Lane>()
  /** For what goes to several at once, or is too large for one record batch. */
  const transactional: Lane[] = []
  /** By the name of a session: whose it is. */
  const sessions = new Map<string, Lane>()
  /** Batches of this process, until it is known what became of them. */
  const underWay = new Map<BatchId, Promise<void>>()
  /** The place from which on whatever is appended next stands, by partition. */
  const ends = new Map<number, number>()
  let writerNumber: Promise<number> | undefined
  let batches = 0
  const settler = createSettler({
    cluster,
    reader,
    reservations,
    isUnderWay: batch => underWay.has(batch),
    endOwn: session => sessions.get(session)?.end(session),
  })

  function whoAmI(): Promise<number> {
    writerNumber ??= reservations.nextWriter().catch(error => {
      writerNumber = undefined
      throw error
    })
    return writerNumber
  }

  async function laneFor(groups: readonly Group[]): Promise<Lane> {
    const [group, ...others] = groups
    if (group && others.length === 0 && bytesOf(group.values) <= BATCH_BYTES) {
      const lane = plain.get(group.partition) ?? createLane(createPlainWriter(cluster, group.partition))
      plain.set(group.partition, lane)
      return lane
    }
    const me = await whoAmI()
    while (transactional.length < LANES) {
      const id = `${cluster.topic}-${me}-${transactional.length}`
      const writer = createTransactionalWriter(cluster, id, { onStep, withinMs: transactionWithinMs })
      transactional.push(createLane(writer))
    }
    // The one with less to do.
    return transactional.reduce((best, lane) => (lane.load < best.load ? lane : best))
  }

  async function append(groups: readonly PartitionEvents[], revision?: number): Promise<AppendResult[]> {
    const filled = groups
      .filter(({ events }) => events.length > 0)
      .map(({ partition, events }): Group => ({ partition, events, values: encodeAll(events) }))
    const results = (filled.length === 0 ? [] : await guarded(() => appendFilled(filled, revision))).values()
    return groups.map(({ events }) => {
      const nothing = { appendedAt: 0, outcomes: [] }
      return events.length === 0 ? nothing : (results.next().value ?? nothing)
    })
  }

  async function appendFilled(groups: readonly Group[], revision?: number): Promise<AppendResult[]> {
    for (let tries = 1; ; tries += 1) {
      const { results, failure } = await tryAppend(await laneFor(groups), groups, revision)
      if (results) return results
      if (tries >= MAX_TRIES) throw asUnavailable(failure)
    }
  }

  type Tried = { results: AppendResult[]; failure?: never } | { results?: never; failure: unknown }

  /** @returns the failure where the write is decided: its events stand, or are free; reserved anew, it shows */
  async function tryAppend(lane: Lane, groups: readonly Group[], revision?: number): Promise<Tried> {
    const me = await whoAmI()
    batches += 1
    const batch = me * BATCHES_OF_WRITER + batches
    const { promise: over, resolve: isOver } = Promise.withResolvers<void>()
    underWay.set(batch, over)
    try {
      const keys = await keysOf(groups)
      // Before the keys are reserved: whoever gives the reservation up for us ends this session, and no other writes it.
      const session = await lane.session()
      sessions.set(session.name, lane)
      onStep('reserving')
      const reservation = await reserve({ batch, session: session.name, revision }, keys)
      const answer = answerOf(groups, reservation)
      if (reservation.state === 'known') return { results: answer.results }
      onStep('reserved')
      const failure = await write(lane, { batch, session }, answer)
      if (failure !== undefined) return { failure }
      onStep('written')
      reservations.settle(batch)
      onStep('answering')
      return { results: answer.results }
    } finally {
      underWay.delete(batch)
      isOver()
    }
  }

  /** Writes what is new and notes where it stands. @returns why it may not stand, once that is decided */
  async function write(
    lane: Lane,
    { batch, session }: { batch: BatchId; session: Session },
    answer: Answer,
  ): Promise<unknown> {
    try {
      const written = await lane.write(session, answer.fresh)
      for (const [index, { partition, outcomes }] of answer.fresh.entries()) {
        const { offsets = [], appendedAt = 0 } = written[index] ?? {}
        const next = (offsets.at(-1) ?? 0n) + 1n
        reader.noteCommitted(partition, next)
        ends.set(partition, Math.max(ends.get(partition) ?? 0, toOffset(next)))
        outcomes.forEach((outcome, place) => {
          outcome.offset = toOffset(offsets[place] ?? -1n)
        })
        const result = answer.results[answer.fresh[index]?.group ?? -1]
        if (result) result.appendedAt = appendedAt
      }
      return undefined
    } catch (error) {
      if (error instanceof SessionOverError) {
        await reservations.release(batch)
        return error
      }
      cluster.forget()
      try {
        await lane.begin(session)
        await settler.decide(batch)
      } catch (cause) {
        throw asUnavailable(cause)
      }
      return error
    }
  }

  async function keysOf(groups: readonly Group[]): Promise<KeyedEvent[]> {
    const keys: KeyedEvent[] = []
    for (const { partition, events } of groups) {
      let fromOffset = ends.get(partition)
      if (fromOffset === undefined) {
        fromOffset = toOffset(await reader.writtenEnd(partition))
        ends.set(partition, Math.max(fromOffset, ends.get(partition) ?? 0))
      }
      for (const event of events) keys.push({ event, fromOffset })
    }
    return keys
  }

  /** Waits for whoever holds some of the keys, or all appends; decides for those who are gone. */
  async function reserve(
    request: Parameters<Reservations['reserve']>[0],
    keys: readonly KeyedEvent[],
  ): Promise<Reservation> {
    for (const until = performance.now() + HELD_WITHIN_MS; ; ) {
      const reservation = await reservations.reserve(request, keys)
      const { state, pending } = reservation
      if (state === 'reserved' || state === 'known') return reservation
      const own = pending.map(one => underWay.get(one)).filter(one => one !== undefined)
      // What this process has under way comes to an end by itself.
      if (own.length > 0) {
        await Promise.all(own)
        continue
      }
      if (performance.now() > until) {
        const why = state === 'held' ? 'appends are kept out' : 'some of these events are being appended'
        throw new LogUnavailableError(`the log takes nothing at the moment: ${why}`)
      }
      if (state === 'held' || (await settler.settleAbandoned(pending)) === 0) await pause(HELD_PAUSE_MS)
    }
  }

  return {
    append,
    /** Decides about batches of processes that are gone. */
    settleAbandoned: () => settler.settleAbandoned(),
    async close(): Promise<void> {
      await Promise.all(underWay.values())
      await reservations.close()
    },
  }
}

async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw asUnavailable(error)
  }
}

/** What an append is going to answer: offsets and append times come once it is written. */
interface Answer {
  results: AppendResult[]
  /** What is new, by partition, with the outcomes that wait for their offsets. */
  fresh: {
    partition: number
    /** Index of its result. */
    group: number
    values: Buffer[]
    outcomes: Extract<AppendOutcome, { kind: 'appended' }>[]
  }[]
}

function answerOf(groups: readonly Group[], { duplicates, conflicts }: Reservation): Answer {
  const known = new Map<number, AppendOutcome>([
    ...duplicates.map(ordinal => [ordinal, { kind: 'duplicate' }] as const),
    ...conflicts.map(ordinal => [ordinal, { kind: 'conflict' }] as const),
  ])
  let ordinal = 0
  const answer: Answer = { results: [], fresh: [] }
  for (const [group, { partition, values }] of groups.entries()) {
    const fresh: Answer['fresh'][number] = { partition, group, values: [], outcomes: [] }
    const outcomes = values.map((value): AppendOutcome => {
      ordinal += 1
      const outcome = known.get(ordinal)
      if (outcome) return outcome
      const appended = { kind: 'appended' as const, offset: 0 }
      fresh.values.push(value)
      fresh.outcomes.push(appended)
      return appended
    })
    answer.results.push({ appendedAt: Date.now(), outcomes })
    if (fresh.values.length > 0) answer.fresh.push(fresh)
  }
  return answer
}

function encodeAll(events: readonly LogEvent[]): Buffer[] {
  return events.map(event => {
    const value = encodeEvent(event)
    assertStorable(event, value)
    return value
  })
}
