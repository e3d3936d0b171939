import type { LogEntryTime, PartitionWatermark } from '#domain/watermark.ts'
import { classifyArrival } from '#domain/window.ts'
import type { LogRecord } from '#server/log/order-log.ts'

/** Which records of a batch arrived after their window had closed. */
export interface LatenessVerdicts {
  /** 1 where the record of the same index is late. Only live events can be. */
  late: Uint8Array
  lateEvents: number
  /** Records that are no ticks. */
  events: number
}

/**
 * Moves the watermark over a batch and judges each record by the watermark before it: the partition's log
 * alone decides, so a replay at any batch size decides the same.
 * @param watermark is advanced in place
 */
export function judgeLateness(
  records: readonly LogRecord[],
  watermark: PartitionWatermark,
): LatenessVerdicts {
  const late = new Uint8Array(records.length)
  let lateEvents = 0
  let events = 0
  records.forEach((record, index) => {
    const before = watermark.advance(timeOf(record))
    if (record.type === 'tick') return
    events += 1
    if (record.class === 'live' && classifyArrival(record.eventTime, before) !== 'on-time') {
      late[index] = 1
      lateEvents += 1
    }
  })
  return { late, lateEvents, events }
}

function timeOf(record: LogRecord): LogEntryTime {
  if (record.type === 'tick') return { kind: 'tick', appendedAt: record.appendedAt }
  if (record.class === 'bulk') return { kind: 'bulk', appendedAt: record.appendedAt }
  return {
    kind: 'live',
    source: record.source,
    eventTime: record.eventTime,
    appendedAt: record.appendedAt,
  }
}
