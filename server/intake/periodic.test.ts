import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startPeriodic } from './periodic.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('it works at once and again after each turn has ended', async () => {
  let turns = 0
  const periodic = startPeriodic(
    async () => {
      turns += 1
      await new Promise(resolve => setTimeout(resolve, 500))
    },
    { everyMs: 1_000, onFailure: () => {} },
  )
  expect(turns).toBe(1)
  await vi.advanceTimersByTimeAsync(1_499)
  expect(turns).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(turns).toBe(2)
  await vi.advanceTimersByTimeAsync(500)
  await periodic.stop()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(turns).toBe(2)
})

test('a failure is told once, until it has worked again', async () => {
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

test('stopping waits for the turn under way', async () => {
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
