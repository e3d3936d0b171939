import { Worker } from 'node:worker_threads'
import { sharePartitions } from '#domain/partition.ts'
import type { HistorySpan, WorldEnd } from '#seed/history/world-history.ts'
import type { World, WorldParameters } from '#seed/world/world.ts'
import type { HistoryChunk } from '#server/log/history.ts'

/** What a maker is given: a world, and the partitions of the log whose history it makes. */
export interface MakerTask {
  parameters: WorldParameters
  span: HistorySpan
  partitions: readonly number[]
}

/** What a maker sends. After each chunk it waits until it is asked to go on. */
export type MakerMessage = { chunk: HistoryChunk } | { end: WorldEnd }

/** Two: this work shares two cores with the database that takes it in. */
const MAKERS = 2

/** Chunks that a maker may be ahead of whoever takes them: one is written while the next is made. */
export const MAKER_AHEAD = 2

export type HistoryMaking = ReturnType<typeof makeHistory>

/**
 * Begins to make the history of a world on several threads, each with whole partitions of the log: which thread
 * was faster changes no offset. What is not taken is not made: a few chunks are in memory at any time. The threads
 * start at once, since they need a third of a second before their first event.
 * @param onEnd told how the world stands at its end, after the last chunk
 */
export function makeHistory(
  world: World,
  { span, stop, onEnd }: { span: HistorySpan; stop: AbortSignal; onEnd(end: WorldEnd): void },
) {
  const { randomSeed, stores, ordersPerDay } = world
  const parameters = { randomSeed, stores, ordersPerDay }
  const ready: { chunk: HistoryChunk; maker: Worker }[] = []
  const end: WorldEnd = { shops: {}, journals: [], missed: [] }
  let news = Promise.withResolvers<void>()
  const failures: unknown[] = []
  let working = 0
  const makers = sharePartitions(sizesOf(world), MAKERS).map(given => {
    const task: MakerTask = { parameters, span, partitions: given }
    const maker = new Worker(new URL('./history-maker.ts', import.meta.url), { workerData: task })
    working += 1
    maker.on('message', (message: MakerMessage) => {
      if ('chunk' in message) ready.push({ chunk: message.chunk, maker })
      else {
        Object.assign(end.shops, message.end.shops)
        end.journals.push(...message.end.journals)
        end.missed.push(...message.end.missed)
        working -= 1
      }
      news.resolve()
    })
    maker.on('error', error => {
      failures.push(error)
      news.resolve()
    })
    return maker
  })
  const onStop = () => news.resolve()
  stop.addEventListener('abort', onStop)

  async function* takeChunks(): AsyncGenerator<HistoryChunk> {
    while (working > 0 || ready.length > 0) {
      stop.throwIfAborted()
      if (failures.length > 0) throw failures[0]
      const next = ready.shift()
      if (next) {
        yield next.chunk
        next.maker.postMessage('more')
      } else {
        await news.promise
        news = Promise.withResolvers<void>()
      }
    }
    onEnd(end)
  }

  return {
    /** To be read once. Throws what a maker fails with, and the reason when it is stopped. */
    chunks: takeChunks(),
    /** Ends the threads, whether all chunks were read or none. */
    async end(): Promise<void> {
      stop.removeEventListener('abort', onStop)
      await Promise.all(makers.map(maker => maker.terminate()))
    },
  }
}

/** Orders by partition. */
function sizesOf(world: World): Map<number, number> {
  const sizes = new Map<number, number>()
  for (const { partition, size } of world.shops) sizes.set(partition, (sizes.get(partition) ?? 0) + size)
  return sizes
}
