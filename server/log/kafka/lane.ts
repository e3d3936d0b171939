import { BATCH_BYTES, bytesOf, type PartitionValues, type Written } from './produce.ts'
import { type Session, SessionOverError, type TopicWriter } from './topic-writer.ts'

/** A batch that waits to be written. */
interface Waiting {
  session: Session
  groups: readonly PartitionValues[]
  bytes: number
  resolve(written: Written[]): void
  reject(error: unknown): void
}

/**
 * A writer and what waits for it. It writes one thing at a time, and takes with each what has come meanwhile: a flush, and
 * more so a transaction, costs the broker as much as hundreds of orders.
 */
export interface Lane {
  /** Batches that wait or are being written. */
  readonly load: number
  /** The session under which to promise something; begun where there is none. */
  session(): Promise<Session>
  /** Writes the batch with others: as TopicWriter.write. */
  write(session: Session, groups: readonly PartitionValues[]): Promise<Written[]>
  /** Begins a new session once what is being written has come to its end, unless `session` is over already. */
  begin(session: Session): Promise<void>
  /** The same for a session that is known by its name. */
  end(name: string): Promise<void>
}

/**
 * @param mostBytes that are written at once; a batch is never parted, and one that is larger goes alone. What is written
 *   outside a transaction must be one record batch.
 */
export function createLane(writer: TopicWriter, mostBytes = BATCH_BYTES): Lane {
  const waiting: Waiting[] = []
  let writing = 0
  let free: Promise<unknown> = Promise.resolve()

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = free.then(work)
    free = turn.catch(() => {})
    return turn
  }

  /** Of those that wait, what goes at once; those whose session is over are told so. */
  function takeBatches(): Waiting[] {
    const taken: Waiting[] = []
    let bytes = 0
    for (let next = waiting[0]; next; next = waiting[0]) {
      if (next.session !== writer.current) next.reject(new SessionOverError('another session writes now'))
      else if (taken.length > 0 && bytes + next.bytes > mostBytes) break
      else {
        taken.push(next)
        bytes += next.bytes
      }
      waiting.shift()
    }
    return taken
  }

  async function writeWaiting(): Promise<void> {
    const batches = takeBatches()
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
    get load() {
      return waiting.length + writing
    },
    session: async () => writer.current ?? inTurn(async () => writer.current ?? writer.begin()),
    write(session, groups) {
      return new Promise((resolve, reject) => {
        const bytes = groups.reduce((sum, { values }) => sum + bytesOf(values), 0)
        waiting.push({ session, groups, bytes, resolve, reject })
        // What waits by then goes with it: later turns may find nothing left.
        void inTurn(writeWaiting)
      })
    },
    begin: session =>
      inTurn(async () => {
        if (writer.current === session || writer.current === undefined) await writer.begin()
      }),
    end: name =>
      inTurn(async () => {
        if (writer.current?.name === name || writer.current === undefined) await writer.begin()
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
