import { expect, test } from 'vitest'
import { createCommitQueue } from './commit-queue.ts'

/** A queue whose commits end when the test says so. */
function controlledQueue(maxBatch = { events: 10, bytes: 1_000 }) {
  const commits: { items: readonly number[]; end: (error?: Error) => void }[] = []
  const queue = createCommitQueue<number, string>({
    commit: items =>
      new Promise((resolve, reject) => {
        commits.push({
          items,
          end: error => (error ? reject(error) : resolve(items.map(item => `${item} stored`))),
        })
      }),
    weigh: () => ({ events: 1, bytes: 100 }),
    maxBatch,
  })
  return { queue, commits }
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('an idle queue commits at once; what comes meanwhile forms the next batch', async () => {
  const { queue, commits } = controlledQueue()
  const answers = [queue.submit(1), queue.submit(2), queue.submit(3)]
  expect(commits.map(commit => commit.items)).toEqual([[1]])
  commits[0]?.end()
  expect(await answers[0]).toBe('1 stored')
  await nextTurn()
  expect(commits.map(commit => commit.items)).toEqual([[1], [2, 3]])
  commits[1]?.end()
  expect(await Promise.all(answers)).toEqual(['1 stored', '2 stored', '3 stored'])
})

test('a batch stops at its bound, but a single item may exceed it', async () => {
  const { queue, commits } = controlledQueue({ events: 2, bytes: 1_000 })
  const answers = [1, 2, 3, 4].map(item => queue.submit(item))
  for (let index = 0; index < 3; index += 1) {
    commits[index]?.end()
    await nextTurn()
  }
  await Promise.all(answers)
  expect(commits.map(commit => commit.items)).toEqual([[1], [2, 3], [4]])
  const tight = controlledQueue({ events: 0, bytes: 0 })
  const answer = tight.queue.submit(1)
  tight.commits[0]?.end()
  expect(await answer).toBe('1 stored')
})

test('a commit that fails fails its own items; the queue goes on', async () => {
  const { queue, commits } = controlledQueue()
  const first = queue.submit(1)
  const second = queue.submit(2)
  commits[0]?.end(new Error('no disk'))
  await expect(first).rejects.toThrow('no disk')
  await nextTurn()
  commits[1]?.end()
  expect(await second).toBe('2 stored')
})

test('what waits is weighed until its commit has ended, well or badly', async () => {
  const { queue, commits } = controlledQueue()
  const answers = [queue.submit(1), queue.submit(2).catch(() => 'failed')]
  expect(queue.pending).toEqual({ events: 2, bytes: 200 })
  commits[0]?.end()
  await nextTurn()
  expect(queue.pending).toEqual({ events: 1, bytes: 100 })
  commits[1]?.end(new Error('gone'))
  await Promise.all(answers)
  expect(queue.pending).toEqual({ events: 0, bytes: 0 })
})
