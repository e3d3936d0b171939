import { expect, test } from 'vitest'
import { createLane } from './lane.ts'
import type { PartitionValues } from './produce.ts'
import { type Session, SessionOverError, type TopicWriter } from './topic-writer.ts'

const MOST_BYTES = 10

/** A writer in memory: keeps what was written, and fails when it is told to. */
function memoryWriter() {
  const sent: { session: Session; groups: string[] }[] = []
  let current: Session | undefined
  let epoch = 0
  const state = { fails: false, sent }
  const writer: TopicWriter = {
    get current() {
      return current
    },
    async begin() {
      epoch += 1
      current = { name: `session ${epoch}`, producerId: 1n, producerEpoch: epoch, sequences: new Map() }
      return current
    },
    async write(session, groups) {
      sent.push({
        session,
        groups: groups.map(({ partition, values }) => `${partition}: ${values.join(' ')}`),
      })
      await Promise.resolve()
      if (state.fails) {
        current = undefined
        throw new Error('cut off')
      }
      let next = 0n
      return groups.map(({ values }) => ({ offsets: values.map(() => next++), appendedAt: 1 }))
    },
  }
  return { ...state, state, lane: createLane(writer, MOST_BYTES) }
}

const values = (partition: number, ...texts: string[]): PartitionValues => ({
  partition,
  values: texts.map(text => Buffer.from(text)),
})

test('what comes while a transaction is under way goes with the next, each batch told its own places', async () => {
  const { lane, sent } = memoryWriter()
  const session = await lane.session()
  const [, second, third] = await Promise.all([
    lane.write(session, [values(0, 'a')]),
    lane.write(session, [values(1, 'b', 'c')]),
    lane.write(session, [values(0, 'd'), values(1, 'e')]),
  ])
  expect(sent.flatMap(({ groups }) => groups).join(', ')).toMatch(/b c e/)
  expect(second?.[0]?.offsets).toHaveLength(2)
  expect(third?.map(({ offsets }) => offsets.length)).toEqual([1, 1])
  const all = [second?.[0]?.offsets, third?.[1]?.offsets].flat()
  expect(new Set(all).size).toBe(3)
})

test('what was promised under a session that is over is not written, and nothing is sent of it', async () => {
  const { lane, sent, state } = memoryWriter()
  const first = await lane.session()
  state.fails = true
  await expect(lane.write(first, [values(0, 'a')])).rejects.toThrow('cut off')
  state.fails = false
  await lane.begin(first)
  await expect(lane.write(first, [values(0, 'b')])).rejects.toThrow(SessionOverError)
  expect(sent).toHaveLength(1)
  const next = await lane.session()
  expect(next.producerEpoch).toBe(2)
  await lane.write(next, [values(0, 'c')])
  expect(sent.at(-1)?.session).toBe(next)
})

test('of several that failed together one begins a new session, and leaves it to the others', async () => {
  const { lane, state } = memoryWriter()
  const session = await lane.session()
  state.fails = true
  await Promise.allSettled([lane.write(session, [values(0, 'a')]), lane.write(session, [values(1, 'b')])])
  state.fails = false
  await Promise.all([lane.begin(session), lane.begin(session)])
  expect((await lane.session()).producerEpoch).toBe(2)
})

test('a batch is never parted, and no more goes at once than fits; one that is larger goes alone', async () => {
  const { lane, sent } = memoryWriter()
  const session = await lane.session()
  await Promise.all(
    ['first', 'abcd', 'efgh', 'ijkl', 'longer than ten'].map(text => lane.write(session, [values(0, text)])),
  )
  expect(sent.map(({ groups }) => groups)).toEqual([
    ['0: first abcd'],
    ['0: efgh ijkl'],
    ['0: longer than ten'],
  ])
})

test('a session that another name is known by stays', async () => {
  const { lane } = memoryWriter()
  const first = await lane.session()
  await lane.end('of somebody else')
  expect(await lane.session()).toBe(first)
  await lane.end(first.name)
  expect((await lane.session()).producerEpoch).toBe(2)
})
