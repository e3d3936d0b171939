import { expect, test } from 'vitest'
import { classifyArrival, windowStartOf, windowState } from './window.ts'

const at = (time: string) => Date.parse(`2026-11-20T${time}Z`)

test('a window is half-open: its end belongs to the next', () => {
  expect(windowStartOf(at('10:00:59.999'))).toBe(at('10:00:00'))
  expect(windowStartOf(at('10:01:00'))).toBe(at('10:01:00'))
})

test('a window closes when the watermark reaches its end and is final two hours later', () => {
  const start = at('10:00:00')
  expect(windowState(start, null)).toBe('open')
  expect(windowState(start, at('10:00:59.999'))).toBe('open')
  expect(windowState(start, at('10:01:00'))).toBe('closed')
  expect(windowState(start, at('12:00:59.999'))).toBe('closed')
  expect(windowState(start, at('12:01:00'))).toBe('final')
})

test('lateness is decided by the window, not by the event', () => {
  expect(classifyArrival(at('10:00:10'), at('10:00:50'))).toBe('on-time')
  expect(classifyArrival(at('10:00:10'), at('10:01:00'))).toBe('late')
  expect(classifyArrival(at('10:00:10'), at('13:00:00'))).toBe('after-final')
})
