import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAppendHints } from './append-hints.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('the first hint goes out at once, the next ones together 8 ms later', async () => {
  vi.advanceTimersByTime(1_000)
  const sent: (readonly number[])[] = []
  const hints = createAppendHints(async partitions => sent.push(partitions))
  hints.announce(0)
  hints.announce(1)
  hints.announce(2)
  hints.announce(1)
  expect(sent).toEqual([[0]])
  await vi.advanceTimersByTimeAsync(7)
  expect(sent).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(sent).toEqual([[0], [1, 2]])
})

test('one hint at a time: a slow one gathers what comes meanwhile', async () => {
  vi.advanceTimersByTime(1_000)
  const sent: (readonly number[])[] = []
  const hints = createAppendHints(async partitions => {
    sent.push(partitions)
    await new Promise(resolve => setTimeout(resolve, 100))
  })
  hints.announce(0)
  for (let at = 0; at < 90; at += 10) {
    hints.announce(3)
    await vi.advanceTimersByTimeAsync(10)
  }
  expect(sent).toEqual([[0]])
  await vi.advanceTimersByTimeAsync(20)
  expect(sent).toEqual([[0], [3]])
})

test('a hint that fails is forgotten; after a stop none is sent', async () => {
  vi.advanceTimersByTime(1_000)
  const sent: (readonly number[])[] = []
  const hints = createAppendHints(async partitions => {
    sent.push(partitions)
    throw new Error('connection lost')
  })
  hints.announce(0)
  await vi.advanceTimersByTimeAsync(50)
  hints.announce(1)
  expect(sent).toEqual([[0], [1]])
  await vi.advanceTimersByTimeAsync(1)
  hints.announce(2)
  hints.stop()
  await vi.advanceTimersByTimeAsync(100)
  expect(sent).toHaveLength(2)
})
