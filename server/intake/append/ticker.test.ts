import { expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { needsTick, type PartitionTime, withAppended } from './ticker.ts'

const at = (time: string): number => Date.parse(`2026-11-20T${time}Z`)

function partition(lastAppendedAt: number, maxEventTime: number | null): PartitionTime {
  return { last: { offset: 7, appendedAt: lastAppendedAt }, maxEventTime }
}

test('a partition that was never sold from needs no tick', () => {
  expect(needsTick(partition(0, null), at('12:00:00'))).toBe(false)
})

test('it needs one after 5 quiet seconds', () => {
  const time = partition(at('12:00:00'), at('12:00:00'))
  expect(needsTick(time, at('12:00:04.999'))).toBe(false)
  expect(needsTick(time, at('12:00:05'))).toBe(true)
})

test('the last tick is the one that makes the newest window final', () => {
  const newest = at('12:00:30')
  const final = at('12:01:00') + 2 * HOUR_MS + MINUTE_MS
  expect(needsTick(partition(final - 1, newest), final + HOUR_MS)).toBe(true)
  expect(needsTick(partition(final, newest), final + HOUR_MS)).toBe(false)
})

test('history never needs one', () => {
  expect(needsTick(partition(at('12:00:00'), Date.parse('2010-12-01T08:26:00Z')), at('13:00:00'))).toBe(false)
})

test('a late event moves the end of the log, not the newest event time', () => {
  const known = partition(at('12:00:00'), at('11:59:00'))
  const after = withAppended(known, {
    last: { offset: 8, appendedAt: at('12:00:02') },
    maxEventTime: at('09:00:00'),
  })
  expect(after).toEqual({ last: { offset: 8, appendedAt: at('12:00:02') }, maxEventTime: at('11:59:00') })
})
