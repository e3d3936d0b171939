import type { LogEvent, LogLines, Position } from '#domain/log-event.ts'

/** An entry of the log that tells the time and nothing else. */
export interface LogTick extends Position {
  type: 'tick'
}

/**
 * An event as operators see it, and all that the stream path reads of the log: what decides figures, stock and rules.
 * Unit prices, taxes and attributes stay in the log, where SQL reads them; leaving them out halves the cost of a replay.
 */
export interface OperatorEvent
  extends Position,
    Pick<
      LogEvent,
      | 'type'
      | 'class'
      | 'partition'
      | 'source'
      | 'id'
      | 'store'
      | 'register'
      | 'channel'
      | 'currency'
      | 'customer'
      | 'eventTime'
      | 'businessDay'
      | 'orderId'
      | 'totalUnits'
      | 'totalGross'
      | 'totalDiscounts'
      | 'totalReturns'
      | 'details'
    > {
  /** Null for events without lines. `details` is not read for counts, adjustments, Z reports and reviews. */
  lines: Pick<LogLines, 'skus' | 'units' | 'stocked'> | null
}

/** A detail of an event that is a text (cashier, cardToken, entryMode, session, originalOrderId), or null. */
export function textDetail({ details }: Pick<OperatorEvent, 'details'>, name: string): string | null {
  const value = details?.[name]
  return typeof value === 'string' ? value : null
}

/** Whether it was paid in this way, wholly or in part. */
export function isPaidBy({ details }: Pick<OperatorEvent, 'details'>, tender: string): boolean {
  const tenders = (details?.tenders ?? []) as readonly { type: string }[]
  return tenders.some(({ type }) => type === tender)
}
