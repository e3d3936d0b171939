import type { Instant } from '#domain/instant.ts'
import { MEASURE_NAMES, netOf, noSales, type SalesEffect, salesEffect } from '#domain/measures.ts'
import { addExact, type ExactSum } from '#domain/money.ts'
import { windowStartOf } from '#domain/window.ts'
import type { EventRecord, LogRecord } from '#server/log/order-log.ts'

/** What a batch adds to one window. Every figure is a sum, so batches may be cut anywhere. */
export interface WindowDelta extends Record<keyof SalesEffect, ExactSum> {
  store: string
  channel: string
  currency: string
  windowStart: Instant
  businessDay: string
  /** Net of the late events among them. */
  lateNet: ExactSum
  /** Late events: each revises a window that had closed. */
  revision: number
  bulkEvents: number
  lastOffset: number
}

/** Adds the sales of a batch up by window. */
export class WindowsFold {
  /** Orders, voids and returns. */
  sales = 0
  readonly #deltas = new Map<string, WindowDelta>()

  /**
   * Reads the batch, or its next part.
   * @param late per record, as `judgeLateness` gives it
   */
  read(records: readonly LogRecord[], late: Uint8Array): void {
    records.forEach((record, index) => {
      if (record.type === 'tick') return
      const effect = salesEffect(record)
      if (!effect) return
      this.sales += 1
      const delta = deltaOf(this.#deltas, record)
      for (const metric of MEASURE_NAMES) delta[metric] = addExact(delta[metric], effect[metric])
      delta.lastOffset = record.offset
      if (record.class === 'bulk') delta.bulkEvents += 1
      if (late[index] === 1) {
        delta.revision += 1
        delta.lateNet = addExact(delta.lateNet, netOf(effect))
      }
    })
  }

  /** Sorted by the windows' key. */
  deltas(): WindowDelta[] {
    return [...this.#deltas.values()].sort(byKey)
  }
}

function deltaOf(deltas: Map<string, WindowDelta>, record: EventRecord): WindowDelta {
  const { store, channel, currency, businessDay } = record
  if (channel === null || currency === null) {
    throw new Error(`${record.type} at offset ${record.offset} has no channel or no currency`)
  }
  const windowStart = windowStartOf(record.eventTime)
  // Identifiers hold no control characters, so the separator cannot occur in one.
  const key = `${store}\u001f${windowStart}\u001f${channel}\u001f${currency}`
  const known = deltas.get(key)
  if (known) return known
  const delta: WindowDelta = {
    store,
    channel,
    currency,
    windowStart,
    businessDay,
    ...noSales(),
    lateNet: 0,
    revision: 0,
    bulkEvents: 0,
    lastOffset: record.offset,
  }
  deltas.set(key, delta)
  return delta
}

function byKey(a: WindowDelta, b: WindowDelta): number {
  return (
    compare(a.store, b.store) ||
    a.windowStart - b.windowStart ||
    compare(a.channel, b.channel) ||
    compare(a.currency, b.currency)
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
