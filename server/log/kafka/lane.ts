import type { PartitionValues, Session, TransactionalWriter, Written } from './transactional-writer.ts'
import { SessionOverError } from './transactional-writer.ts'

/** A batch that waits for its transaction. */
interface Waiting {
  session: Session
  groups: readonly PartitionValues[]
  resolve(written: Written[]): void
  reject(error: unknown): void
}

/**
 * A writer and what waits for it. It has one transaction at a time, and takes with each what has come meanwhile, of
 * whatever partitions: a transaction costs the broker as much as a thousand orders.
 */
export interface Lane {
  readonly transactionalId: string
  /** Batches that wait or are being written. */
  readonly load: number
  /** The session under which to promise something; begun where there is none. */
  session(): Promise<Session>
  /** Writes the batch in a transaction, with others: as TransactionalWriter.write. */
  write(session: Session, groups: readonly PartitionValues[]): Promise<Written[]>
  /** Begins a new session once what is being written has come to its end, unless `session` is over already. */
  begin(session?: Session): Promise<void>
}

export function createLane(writer: TransactionalWriter): Lane {
  const waiting: Waiting[] = []
  let writing = 0
  let free: Promise<unknown> = Promise.resolve()

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = free.then(work)
    free = turn.catch(() => {})
    return turn
  }

  async function writeWaiting(): Promise<void> {
    const all = waiting.splice(0)
    const batches = all.filter(({ session }) => session === writer.current)
    for (const { session, reject } of all)
      if (session !== writer.current) reject(new SessionOverError('another session writes now'))
    const [first] = batches
    if (!first) return
    writing = batches.length
    try {
      const merged = merge(batches.map(({ groups }) => groups))
      const written = await writer.write(first.session, merged)
      for (const [index, { groups, resolve }] of batches.entries())
        resolve(partsOf(written, merged, { groups, index }))
    } catch (error) {
      for (const { reject } of batches) reject(error)
    } finally {
      writing = 0
    }
  }

  return {
    transactionalId: writer.transactionalId,
    get load() {
      return waiting.length + writing
    },
    session: async () => writer.current ?? inTurn(async () => writer.current ?? writer.begin()),
    write(session, groups) {
      return new Promise((resolve, reject) => {
        waiting.push({ session, groups, resolve, reject })
        // What waits by then goes with it: later turns may find nothing left.
        void inTurn(writeWaiting)
      })
    },
    begin: session =>
      inTurn(async () => {
        if (session === undefined || writer.current === session || writer.current === undefined)
          await writer.begin()
      }),
  }
}

/** What goes to a partition from several batches, one after another. */
interface Merged extends PartitionValues {
  values: Buffer[]
  /** By batch: index of its first value. */
  starts: Map<number, number>
}

function merge(batches: readonly (readonly PartitionValues[])[]): Merged[] {
  const merged = new Map<number, Merged>()
  for (const [index, groups] of batches.entries()) {
    for (const { partition, values } of groups) {
      const one: Merged = merged.get(partition) ?? { partition, values: [], starts: new Map() }
      merged.set(partition, one)
      one.starts.set(index, one.values.length)
      for (const value of values) one.values.push(value)
    }
  }
  return [...merged.values()]
}

function partsOf(
  written: readonly Written[],
  merged: readonly Merged[],
  { groups, index }: { groups: readonly PartitionValues[]; index: number },
): Written[] {
  return groups.map(({ partition, values }) => {
    const at = merged.findIndex(one => one.partition === partition)
    const start = merged[at]?.starts.get(index) ?? 0
    const { offsets = [], appendedAt = 0 } = written[at] ?? {}
    return { offsets: offsets.slice(start, start + values.length), appendedAt }
  })
}
