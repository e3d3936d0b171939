import type { Instant } from '#domain/instant.ts'
import type { Alert } from '#domain/operators/alert.ts'
import type { OperatorEvent } from '#domain/operators/event.ts'
import {
  type KeptState,
  type KeyedStates,
  type OperatorFailure,
  OperatorFold,
  type Operators,
  type SessionRow,
} from '#domain/operators/fold.ts'
import type { PaneDelta } from '#domain/operators/metric.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import { PartitionWatermark } from '#domain/watermark.ts'

/** What moves time and is nobody's event. */
export interface Tick {
  type: 'tick'
  appendedAt: Instant
}

export function tick(appendedAt: Instant): Tick {
  return { type: 'tick', appendedAt }
}

/** An order of 10.00 in Berlin. Places in the log are given by `foldOperators`. */
export function order(eventTime: Instant, fields: Partial<OperatorEvent> = {}): OperatorEvent {
  return {
    type: 'order.placed',
    class: 'live',
    partition: 0,
    offset: 0,
    appendedAt: 0,
    source: 'till-1',
    id: `e-${eventTime}`,
    store: 'berlin',
    register: '1',
    channel: 'pos',
    currency: 'EUR',
    customer: null,
    eventTime,
    businessDay: new Date(eventTime).toISOString().slice(0, 10),
    orderId: `o-${eventTime}`,
    totalUnits: 1,
    totalGross: 100_000,
    totalDiscounts: 0,
    totalReturns: 0,
    details: null,
    lines: { skus: ['sku-0'], units: [1], stocked: null },
    ...fields,
  }
}

/** What operators make of a partition's log, held in memory as the tables hold it. */
export interface FoldedOperators {
  alerts: Alert[]
  sessions: SessionRow[]
  panes: [place: string, sums: Pick<PaneDelta, 'documents' | 'units' | 'net'>][]
  /** By `operator␟store␟key`. */
  states: Map<string, KeptState>
  failures: OperatorFailure[]
  watermark: Instant | null
}

/** Folds records of one partition, appended when they happened unless that is past, batch after batch through JSON. */
export function foldOperators(
  records: readonly (OperatorEvent | Tick)[],
  {
    operators,
    reference,
    batchSize = records.length,
  }: { operators: Operators; reference: OperatorReference; batchSize?: number },
): FoldedOperators {
  const watermark = new PartitionWatermark()
  const states = new Map<string, KeptState>()
  const alerts = new Map<string, Alert>()
  const sessions = new Map<string, SessionRow>()
  const panes = new Map<string, Pick<PaneDelta, 'documents' | 'units' | 'net'>>()
  const known = {
    get: (operator: string, key: string) => states.get(`${operator}\u001f${key}`),
    *entries(operator: string): Iterable<[string, KeptState]> {
      for (const [place, kept] of states)
        if (place.startsWith(`${operator}\u001f`)) yield [place.slice(operator.length + 1), kept]
    },
  }
  const failures: OperatorFailure[] = []
  let now = 0
  for (let from = 0; from < records.length; from += batchSize) {
    const fold = new OperatorFold(operators, { partition: 0, states: known, reference })
    records.slice(from, from + batchSize).forEach((record, index) => {
      const offset = from + index + 1
      now = Math.max(now, record.type === 'tick' ? record.appendedAt : record.eventTime)
      fold.read({ ...record, offset, appendedAt: now }, watermark)
    })
    for (const [operator, own] of fold.touched)
      for (const [key, kept] of own)
        states.set(`${operator}\u001f${key}`, JSON.parse(JSON.stringify(kept)) as KeptState)
    failures.push(...fold.failures)
    for (const [id, { alert }] of fold.alerts) alerts.set(id, alert)
    for (const [id, row] of fold.sessions) sessions.set(id, row)
    for (const { metric, store, paneStart, key, documents, units, net } of fold.panesSince(null)) {
      const place = [metric, store, paneStart, key].join('|')
      const sums = panes.get(place) ?? { documents: 0, units: 0, net: 0 }
      panes.set(place, {
        documents: sums.documents + documents,
        units: sums.units + units,
        net: Number(sums.net) + Number(net),
      })
    }
  }
  return {
    alerts: [...alerts.values()],
    sessions: [...sessions.values()],
    panes: [...panes],
    states,
    failures,
    watermark: watermark.current,
  }
}

/** Where operators have kept nothing yet. */
export const NO_STATES: KeyedStates = { get: () => undefined, entries: () => [] }

/** Reference data of a world of which nothing is known: rules as they come, no habits. */
export const NO_HABITS: OperatorReference = {
  ruleAt: () => null,
  expectedOrders: () => null,
  orderSizes: () => null,
  isLive: () => true,
}
