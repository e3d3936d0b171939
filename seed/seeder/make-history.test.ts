import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { enrichedHistory, type WorldEnd } from '#seed/history/world-history.ts'
import { createWorld } from '#seed/world/world.ts'
import { type HistoryChunk, historyChunks } from '#server/log/history.ts'
import { type HistoryMaking, makeHistory } from './make-history.ts'

const world = createWorld({ randomSeed: 5, stores: 8, ordersPerDay: 320 })
// A Tuesday, on which the warehouse passes goods on to stores of other partitions, lies within.
const span = { days: 9, until: Date.UTC(2026, 10, 20, 15) }

/** Rows and keys by partition, each partition's in order. */
async function collect(chunks: AsyncIterable<HistoryChunk>): Promise<Map<string, string[]>> {
  const decoder = new TextDecoder()
  const lines = new Map<string, string[]>()
  const keep = (bytes: Uint8Array, partitionColumn: number) => {
    for (const line of decoder.decode(bytes).split('\n').slice(0, -1)) {
      const name = `${partitionColumn} ${line.split('\t').at(partitionColumn)}`
      lines.set(name, [...(lines.get(name) ?? []), line])
    }
  }
  for await (const { rows, keys } of chunks) {
    keep(rows, 9)
    keep(keys, -1)
  }
  return lines
}

/** Ends with the test. */
function making(request: Partial<Parameters<typeof makeHistory>[1]>): HistoryMaking {
  const made = makeHistory(world, { span, stop: new AbortController().signal, onEnd() {}, ...request })
  onTestFinished(() => made.end())
  return made
}

const inOrder = ({ shops, journals, missed }: WorldEnd) => ({
  shops,
  missed: missed.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1)),
  journals: journals.toSorted((left, right) =>
    `${left.store} ${left.businessDay} ${left.part}` < `${right.store} ${right.businessDay} ${right.part}`
      ? -1
      : 1,
  ),
})

describe('a history made on several threads', () => {
  let alone: { lines: Map<string, string[]>; end: WorldEnd }
  beforeAll(async () => {
    let end: WorldEnd = { shops: {}, journals: [], missed: [] }
    function* history() {
      end = yield* enrichedHistory(world, span)
    }
    alone = { lines: await collect(historyChunks(history())), end }
    alone.end = end
  })

  test('is, partition by partition, what one thread makes, offsets included', async () => {
    let end: WorldEnd | undefined
    const lines = await collect(
      making({
        onEnd(reached) {
          end = reached
        },
      }).chunks,
    )
    expect([...lines.keys()].sort()).toEqual([...alone.lines.keys()].sort())
    expect(lines).toEqual(alone.lines)
    expect(end && inOrder(end)).toEqual(inOrder(alone.end))
  })

  test('ends with the reason when it is stopped, and tells of no end', async () => {
    const stop = new AbortController()
    let isEnded = false
    const { chunks } = making({
      stop: stop.signal,
      onEnd() {
        isEnded = true
      },
    })
    await chunks[Symbol.asyncIterator]().next()
    stop.abort(new Error('enough'))
    await expect(collect(chunks)).rejects.toThrow('enough')
    expect(isEnded).toBe(false)
  })

  test('fails with what a thread fails with', async () => {
    const impossible = { ...span, until: Number.NaN }
    await expect(collect(making({ span: impossible }).chunks)).rejects.toThrow(RangeError)
  })
})
