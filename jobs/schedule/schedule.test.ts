import { describe, expect, test } from 'vitest'
import { stretchesOf } from './reconcile-changes.ts'
import { createAgenda } from './schedule.ts'

describe('the agenda', () => {
  const running = new AbortController().signal

  test('gives what was asked for many times once more, and no oftener', async () => {
    const agenda = createAgenda<string>()
    agenda.ask('tick')
    expect(await agenda.next(running)).toBe('tick')
    agenda.ask('tick')
    agenda.ask('tick')
    expect(await agenda.next(running)).toBe('tick')
    let isNext = false
    const third = agenda.next(running).then(() => {
      isNext = true
    })
    await Promise.resolve()
    expect(isNext).toBe(false)
    agenda.ask('tick')
    await third
  })

  test('keeps the order in which things were asked for', async () => {
    const agenda = createAgenda<string>()
    for (const item of ['reviews', 'tick', 'request', 'reviews']) agenda.ask(item)
    expect(await agenda.next(running)).toBe('reviews')
    expect(await agenda.next(running)).toBe('tick')
    agenda.ask('tick')
    expect(await agenda.next(running)).toBe('request')
    expect(await agenda.next(running)).toBe('tick')
  })

  test('ends with the process', async () => {
    const stop = new AbortController()
    const next = createAgenda<string>().next(stop.signal)
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
