import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { descendants, processTable, TICKS_PER_SECOND } from './process-table.ts'
import { lookEvery } from './system.ts'

/** How a stream went, from its first progress to its last: no start of a process counts. */
export interface StreamRun {
  /** Orders a second. */
  rate: number
  /** Processor µs an order of each process that was watched, with what it has started. None where /proc does not tell. */
  processor: ReadonlyMap<string, number>
}

interface Watched {
  /** Orders whose results are committed by now. */
  progress: () => Promise<number>
  /** Whose processor time is told, by name; null: it has not begun. */
  processes: Readonly<Record<string, () => number | null>>
  everyMs?: number
}

const LOOK_EVERY_MS = 20
/** To read the table of processes costs milliseconds. */
const PROCESSOR_EVERY_MS = 250

interface Sample {
  at: number
  orders: number
  /** Seconds so far. */
  processor: ReadonlyMap<string, number>
}

/** Watches a stream while it works. @param work resolves once all results are committed */
export async function watchStream(watched: Watched, work: () => Promise<unknown>): Promise<StreamRun> {
  const { progress, processes, everyMs = LOOK_EVERY_MS } = watched
  const seen: { at: number; orders: number }[] = []
  const samples: Sample[] = []
  async function look(): Promise<void> {
    const orders = await progress()
    const at = performance.now()
    if (orders <= (seen.at(-1)?.orders ?? 0)) return
    seen.push({ at, orders })
    if (at - (samples.at(-1)?.at ?? 0) >= PROCESSOR_EVERY_MS)
      samples.push({ at, orders, processor: usedBy(processes) })
  }
  const looking = lookEvery(everyMs, look)
  try {
    await work()
  } finally {
    await looking.stop()
  }
  await look()
  const [first, last] = [seen[0], seen.at(-1)]
  if (!first || !last || last.at === first.at) throw new Error('too few orders: it was done at once')
  return {
    rate: (last.orders - first.orders) / ((last.at - first.at) / SECOND_MS),
    processor: perOrder(
      samples[0],
      samples.findLast(({ processor }) => isWhole(processor, processes)),
    ),
  }
}

/** A process that has ended by now tells nothing any more. */
function isWhole(processor: Sample['processor'], processes: Watched['processes']): boolean {
  return Object.keys(processes).every(name => processor.has(name))
}

function perOrder(from: Sample | undefined, to: Sample | undefined): Map<string, number> {
  if (!from || !to || to.orders === from.orders) return new Map()
  const orders = to.orders - from.orders
  return new Map(
    [...to.processor].map(([name, seconds]) => [
      name,
      ((seconds - (from.processor.get(name) ?? 0)) / orders) * 1e6,
    ]),
  )
}

function usedBy(processes: Watched['processes']): Map<string, number> {
  const table = processTable()
  const used = new Map<string, number>()
  for (const [name, pidOf] of Object.entries(processes)) {
    const pid = pidOf()
    const tree = pid === null ? [] : descendants(table, [pid])
    if (tree.length > 0)
      used.set(
        name,
        tree.reduce((sum, { ticks, ticksOfEnded }) => sum + ticks + ticksOfEnded, 0) / TICKS_PER_SECOND,
      )
  }
  return used
}

/** Events that a generation has taken in. */
export async function eventsOf(sql: Sql, generation: number): Promise<number> {
  const [row] = await sql<{ events: number }[]>`
    select coalesce(sum(events), 0)::bigint as events from stream.checkpoints where generation = ${generation}`
  return row?.events ?? 0
}
