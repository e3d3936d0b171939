import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { backoffMs, deadline, pause, startPeriodic, within } from './time.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const never = new Promise<never>(() => {})

describe('waiting for work', () => {
  test('ends with the work, or when the time is over', async () => {
    expect(await within(Promise.resolve(), 100)).toBe(true)
    const late = within(never, 100)
    await vi.advanceTimersByTimeAsync(100)
    expect(await late).toBe(false)
    await expect(within(Promise.reject(new Error('failed')), 100)).rejects.toThrow('failed')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('with a deadline gives its result, or an error', async () => {
    expect(await deadline(Promise.resolve(7), 100)).toBe(7)
    const late = deadline(never, 2_000)
    late.catch(() => {})
    await vi.advanceTimersByTimeAsync(2_000)
    await expect(late).rejects.toThrow('no answer within 2 s')
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a pause ends when the end is asked for', async () => {
  const stop = new AbortController()
  const pausing = pause(60_000, stop.signal)
  stop.abort()
  await pausing
  await pause(0, stop.signal)
  expect(vi.getTimerCount()).toBe(0)
})

test('the pause before another try doubles up to a limit, of which half is left to chance', () => {
  const range = { firstMs: 100, longestMs: 2_000 }
  const failures = [1, 2, 3, 10, 5_000]
  expect(failures.map(count => backoffMs(count, range, 0))).toEqual([50, 100, 200, 1_000, 1_000])
  expect(failures.map(count => backoffMs(count, range, 0.999_999))).toEqual([100, 200, 400, 2_000, 2_000])
})

describe('periodic work', () => {
  test('is done at once, and again after it has ended', async () => {
    let times = 0
    const periodic = startPeriodic(
      async () => {
        times += 1
        await new Promise(resolve => setTimeout(resolve, 500))
      },
      { everyMs: 1_000, onFailure: () => {} },
    )
    expect(times).toBe(1)
    await vi.advanceTimersByTimeAsync(1_499)
    expect(times).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(times).toBe(2)
    await vi.advanceTimersByTimeAsync(500)
    await periodic.stop()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(times).toBe(2)
  })

  test('that fails is told once, until it has worked again', async () => {
    const failures: unknown[] = []
    let healthy = false
    const periodic = startPeriodic(
      async () => {
        if (!healthy) throw new Error('away')
      },
      { everyMs: 1_000, onFailure: error => failures.push(error) },
    )
    await vi.advanceTimersByTimeAsync(3_500)
    expect(failures).toHaveLength(1)
    healthy = true
    await vi.advanceTimersByTimeAsync(1_000)
    healthy = false
    await vi.advanceTimersByTimeAsync(2_000)
    expect(failures).toHaveLength(2)
    await periodic.stop()
  })

  test('that is under way is waited for when it is stopped', async () => {
    let ended = false
    const periodic = startPeriodic(
      async () => {
        await new Promise(resolve => setTimeout(resolve, 300))
        ended = true
      },
      { everyMs: 1_000, onFailure: () => {} },
    )
    const stopped = periodic.stop()
    await vi.advanceTimersByTimeAsync(300)
    await stopped
    expect(ended).toBe(true)
  })
})
