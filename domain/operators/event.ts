import type { LogEvent, LogLines, Position } from '#domain/log-event.ts'

/** An event as operators see it: what the stream path reads of the log. */
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
