import { describe, expect, test } from 'vitest'
import { stretchesOf } from './reconcile-changes.ts'
import { createTaskQueue } from './schedule.ts'

describe('the queue of tasks', () => {
  const running = new AbortController().signal

  test('gives what was added many times once more, and no oftener', async () => {
    const queue = createTaskQueue<string>()
    queue.add('tick')
    expect(await queue.next(running)).toBe('tick')
    queue.add('tick')
    queue.add('tick')
    expect(await queue.next(running)).toBe('tick')
    let isNext = false
    const third = queue.next(running).then(() => {
      isNext = true
    })
    await Promise.resolve()
    expect(isNext).toBe(false)
    queue.add('tick')
    await third
  })

  test('keeps the order in which things were added', async () => {
    const queue = createTaskQueue<string>()
    for (const item of ['reviews', 'tick', 'request', 'reviews']) queue.add(item)
    expect(await queue.next(running)).toBe('reviews')
    expect(await queue.next(running)).toBe('tick')
    queue.add('tick')
    expect(await queue.next(running)).toBe('request')
    expect(await queue.next(running)).toBe('tick')
  })

  test('ends with the process', async () => {
    const stop = new AbortController()
    const next = createTaskQueue<string>().next(stop.signal)
    stop.abort()
    await expect(next).rejects.toThrow('aborted')
  })
})

test('Days without a gap are one stretch', () => {
  expect(stretchesOf(['2026-10-24', '2026-10-25', '2026-10-26', '2026-11-01'])).toEqual([
    { from: '2026-10-24', to: '2026-10-26' },
    { from: '2026-11-01', to: '2026-11-01' },
  ])
  expect(stretchesOf([])).toEqual([])
})
