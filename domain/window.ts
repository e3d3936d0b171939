import { HOUR_MS, type Instant, MINUTE_MS } from './instant.ts'

/** One-minute tumbling windows [start, end), keyed by the UTC instant of their start. */
export const WINDOW_MS = MINUTE_MS

/** After the watermark has passed a window's end by this much, the window is final: counts still, as a revision. */
export const ALLOWED_LATENESS_MS = 2 * HOUR_MS

export type WindowState = 'open' | 'closed' | 'final'
export type Arrival = 'on-time' | 'late' | 'after-final'

export function windowStartOf(eventTime: Instant): Instant {
  return Math.floor(eventTime / WINDOW_MS) * WINDOW_MS
}

/** What the watermark says of a window. A null watermark (nothing read yet) closes nothing. */
export function windowState(windowStart: Instant, watermark: Instant | null): WindowState {
  const windowEnd = windowStart + WINDOW_MS
  if (watermark === null || watermark < windowEnd) return 'open'
  return watermark < windowEnd + ALLOWED_LATENESS_MS ? 'closed' : 'final'
}

/** Where an event falls relative to its window. Lateness never drops an event: it only decides how the window says so. */
export function classifyArrival(eventTime: Instant, watermark: Instant | null): Arrival {
  const state = windowState(windowStartOf(eventTime), watermark)
  if (state === 'open') return 'on-time'
  return state === 'closed' ? 'late' : 'after-final'
}
