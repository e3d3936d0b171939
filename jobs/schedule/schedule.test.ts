import { describe, expect, test } from 'vitest'
import { stretchesOf } from './day-stretches.ts'
import { createTickGate } from './tick-gate.ts'

describe('ticks', () => {
  const running = new AbortController().signal

  test('asked for many times during a turn give one more turn', async () => {
    const gate = createTickGate()
    gate.ask()
    await gate.next(running)
    gate.ask()
    gate.ask()
    await gate.next(running)
    let isNext = false
    const third = gate.next(running).then(() => {
      isNext = true
    })
    await Promise.resolve()
    expect(isNext).toBe(false)
    gate.ask()
    await third
  })

  test('that are waited for end with the process', async () => {
    const stop = new AbortController()
    const next = createTickGate().next(stop.signal)
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
