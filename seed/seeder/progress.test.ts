import { describe, expect, test } from 'vitest'
import {
  createProgressLine,
  createSeedingProgress,
  describeDone,
  describeLeft,
  describeProgress,
  duration,
} from './progress.ts'

function outputOf(options: { isTTY: boolean; columns?: number }) {
  const written: string[] = []
  const write = (text: string) => written.push(text) > 0
  return { written, stream: { ...options, write } as unknown as NodeJS.WriteStream }
}

describe('what is told of progress', () => {
  test('is how much of how much, and at what rate', () => {
    expect(describeProgress('events', { done: 40_000, total: 120_000, elapsedMs: 500 })).toBe(
      '40,000 of about 120,000 events · 80,000/s',
    )
    expect(describeDone('events', { done: 120_000, elapsedMs: 1_500 })).toBe(
      '120,000 events · 80,000/s · 1.5 s',
    )
    expect(duration(65_000)).toBe('1 min 05 s')
  })

  test('is the time left of the whole, once enough is done to tell', () => {
    expect(describeLeft(0.25, 4_000)).toBe('12 s left')
    expect(describeLeft(0.01, 4_000)).toBe('')
    expect(describeLeft(1, 4_000)).toBe('')
  })
})

describe('the line of progress', () => {
  test('is written over in a terminal, and never wraps there', () => {
    const { written, stream } = outputOf({ isTTY: true, columns: 20 })
    const line = createProgressLine(stream, () => 0)
    line.show('one of twenty thousand')
    line.done('two')
    expect(written).toEqual(['\r\u001b[K    one of twenty …', '\r\u001b[K', '    two\n'])
  })

  test('is a line every five seconds elsewhere', () => {
    const { written, stream } = outputOf({ isTTY: false })
    let now = 0
    const line = createProgressLine(stream, () => now)
    for (now = 0; now <= 11_000; now += 1_000) line.show(`at ${now}`)
    expect(written).toEqual(['    at 5000\n', '    at 10000\n'])
  })
})

describe('the progress of a seeding', () => {
  test('tells the time left of the whole in every part of it', () => {
    let now = 0
    const shown: string[] = []
    const progress = createSeedingProgress(
      { show: text => void shown.push(text), done() {}, clear() {} },
      () => now,
    )
    progress.begin('history')
    now = 1_800
    progress.show('history', 0.5)
    now = 3_600
    progress.took('history', 1_000)
    progress.begin('paths')
    progress.show('paths', 0)
    now = 8_000
    progress.took('stream path', 1_000)
    progress.begin('reconciliation')
    now = 9_000
    progress.show('reconciling', null)
    expect(shown).toEqual(['history · 8 s left', 'paths · 6 s left', 'reconciling · 1 s left'])
    expect(progress.times()).toEqual({
      parts: [
        { name: 'history', from: 0, to: 3_600, events: 1_000 },
        { name: 'stream path', from: 3_600, to: 8_000, events: 1_000 },
      ],
      milliseconds: 9_000,
    })
  })
})
