import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts'
import type { ExactSum } from '#domain/money.ts'
import type { OperatorEvent } from './event.ts'

/** What one event adds to one key of a metric; all of it signed, so that any order of arrival ends the same. */
export interface Contribution {
  key: string
  documents: number
  units: number
  /** In 1/10,000; 0 where the metric counts goods alone. */
  net: number
}

/**
 * A figure per store and key over a window that ends now: sums per pane of event time, which whoever reads adds up over
 * the window. Tumbling when the window is one pane, sliding by a pane when it is several. A late event adds to its pane
 * as any other, for as long as panes are kept.
 */
export interface WindowedMetric {
  name: string
  title: string
  paneMs: number
  /** A multiple of the pane. */
  windowMs: number
  of(event: OperatorEvent): Iterable<Contribution>
}

/**
 * How long panes are kept behind the watermark, beyond their window: pages look back by an hour. No longer: of
 * a log that is far ahead, each hour more is written only to be passed.
 */
export const PANES_KEPT_MS = HOUR_MS

/**
 * The window that is open at an instant, [start, end): it ends with the pane in which the instant lies, so that it slides
 * when a pane begins, as a sliding window of Flink does by its slide.
 * @param lengthMs a multiple of the pane; the metric's own window unless another is asked for
 */
export function windowAt(
  { paneMs, windowMs }: Pick<WindowedMetric, 'paneMs' | 'windowMs'>,
  now: Instant,
  lengthMs: number = windowMs,
): { start: Instant; end: Instant } {
  const end = Math.floor(now / paneMs) * paneMs + paneMs
  return { start: end - lengthMs, end }
}

/** How long sessions are kept behind the watermark, from their last event on. */
export const SESSIONS_KEPT_MS = DAY_MS

/** What one session adds up to. */
export interface SessionSum {
  orders: number
  units: number
  net: number
  views: number
}

/** Bursts of what one key does: told as rows, one a session. */
export interface SessionMetric {
  name: string
  title: string
  gapMs: number
  input(event: OperatorEvent): { key: string; adds: SessionSum } | null
}

/** What a batch adds to a pane. */
export interface PaneDelta {
  metric: string
  store: string
  key: string
  paneStart: number
  documents: number
  units: number
  net: ExactSum
}
