import type { SessionMetric, WindowedMetric } from '#domain/operators/metric.ts'
import { onlineSessions } from './online-sessions.ts'
import { productSales } from './product-sales.ts'

/** Every windowed metric of the stream: a new one is a file of this folder, a line here, and its audit. */
export const STREAM_METRICS: readonly WindowedMetric[] = [productSales]

/** Every metric that tells of sessions. */
export const STREAM_SESSIONS: readonly SessionMetric[] = [onlineSessions]
