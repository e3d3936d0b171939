import { describe, expect, test } from 'vitest'
import { describeDone, duration, SeedingProgress } from './progress.ts'

function outputOf(options: { isTTY: boolean; columns: number }) {
  const written: string[] = []
  const write = (text: string) => written.push(text) > 0
  return { written, stream: { ...options, write } as NodeJS.WriteStream }
}

test('what is done is told with its rate', () => {
  expect(describeDone('events', 120_000, 1_500)).toBe('120,000 events · 80,000/s · 1.5 s')
  expect(duration(65_000)).toBe('1 min 05 s')
})

describe('the progress of a seeding', () => {
  test('is a line that is written over in a terminal, and never wraps there', () => {
    const { written, stream } = outputOf({ isTTY: true, columns: 20 })
    const progress = new SeedingProgress(stream, () => 0)
    progress.show('one of twenty thousand', null)
    progress.done('two')
    expect(written).toEqual(['\r\u001b[K    one of twenty …', '\r\u001b[K', '    two\n'])
  })

  test('is a line every five seconds elsewhere', () => {
    const { written, stream } = outputOf({ isTTY: false, columns: 80 })
    let now = 0
    const progress = new SeedingProgress(stream, () => now)
    for (now = 0; now <= 11_000; now += 1_000) progress.show(`at ${now}`, null)
    expect(written).toEqual(['    at 5000\n', '    at 10000\n'])
  })

  test('tells the time left of each part, once enough of it is done to tell', () => {
    const { written, stream } = outputOf({ isTTY: true, columns: 80 })
    let now = 0
    const progress = new SeedingProgress(stream, () => now)
    const shown = (text: string, share: number | null) => {
      progress.show(text, share)
      return written.at(-1)?.replace('\r\u001b[K    ', '')
    }
    now = 4_000
    expect(shown('history', 0.01)).toBe('history')
    expect(shown('history', 0.25)).toBe('history · 12 s left')
    expect(shown('history', 1)).toBe('history')
    progress.took('history', 1_000)
    progress.begin()
    now = 8_000
    expect(shown('paths', 0.5)).toBe('paths · 4 s left')
    progress.took('stream path', 1_000)
    expect(progress.times()).toEqual({
      parts: [
        { name: 'history', from: 0, to: 4_000, events: 1_000 },
        { name: 'stream path', from: 4_000, to: 8_000, events: 1_000 },
      ],
      milliseconds: 8_000,
    })
  })
})
