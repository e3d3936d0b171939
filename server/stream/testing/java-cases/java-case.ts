import type { OperatorRows, SizesRow } from '#db/operator-reference.ts'
import { operatorReferenceOf } from '#db/operator-reference.ts'
import type { ShelfRows } from '#db/shelf-reference.ts'
import { shelfReferenceOf } from '#db/shelf-reference.ts'
import type { WorkedExample } from '#domain/examples/worked-example.ts'
import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { MEASURE_NAMES } from '#domain/measures.ts'
import type { Alert } from '#domain/operators/alert.ts'
import { hasExpired, type KeptState, type SessionRow } from '#domain/operators/fold.ts'
import type { ValidForecast } from '#domain/replenishment/shelf-reference.ts'
import type { SourceProgress } from '#domain/watermark.ts'
import { type TopicEntry, toLogRecord } from '#server/log/kafka/record.ts'
import type { BatchResult, LateSale } from '#server/stream/fold/fold-batch.ts'
import { type SetAside, sift } from '#server/stream/fold/sift.ts'
import type { StockPolicy } from '#server/stream/fold/stock-state.ts'
import { type FoldedLog, foldLog } from '#server/stream/testing/fold-log.ts'

// A case holds the Java domain (scale/flink) to what our own fold makes of a log: the log as its records are written, the
// rows of reference data, and every figure, state and verdict that must come of it, to the last bit.

/** A record as the log on Kafka has it, with its place. */
export type CaseRecord = { offset: number; appendedAt: Instant } & ({ type: 'tick' } | LogEvent)

/** Rows of `ref`, oldest first of each kind. */
export interface CaseReference extends OperatorRows, ShelfRows {
  policies: readonly ({ store: string; sku: string } & StockPolicy)[]
  forecasts: readonly ({ store: string; sku: string } & ValidForecast)[]
}

export const NO_REFERENCE: CaseReference = {
  stores: [],
  policies: [],
  forecasts: [],
  expectedOrders: [],
  orderSizes: [] as SizesRow[],
  rules: [],
  supplyTerms: [],
  leadTimes: [],
  supplierTerms: [],
}

/** @param stated of a worked example: the figures that people wrote down */
export function javaCase(
  title: string,
  records: readonly CaseRecord[],
  { reference = NO_REFERENCE, stated }: { reference?: CaseReference; stated?: Partial<WorkedExample> } = {},
) {
  return { title, records, reference: rowsForJava(reference), stated, expected: foldOf(records, reference) }
}

export type JavaCase = ReturnType<typeof javaCase>

/** What our stream makes of a log, read one record at a time. Lists are in the order of their keys. */
function foldOf(records: readonly CaseRecord[], reference: CaseReference) {
  const { digestible, setAside } = sift(
    records.map(({ offset, ...entry }) =>
      toLogRecord(entry as TopicEntry, { partition: 0, offset, timestamp: 0 }),
    ),
  )
  const seen = new Seen()
  const folded = foldLog(digestible, {
    batchSizes: [1],
    policies: Map.groupBy(reference.policies, ({ store, sku }) => `${store}/${sku}`),
    forecasts: Map.groupBy(reference.forecasts, ({ store, sku }) => `${store}/${sku}`),
    shelves: shelfReferenceOf(reference),
    reference: operatorReferenceOf(reference),
    onBatch: batch => seen.add(batch),
  })
  return {
    setAside: setAside.map(({ offset, reason }: SetAside) => ({ offset, reason })),
    /** After each digestible record. */
    watermarks: seen.watermarks,
    lateOffsets: seen.lateOffsets,
    lateSales: seen.lateSales,
    /** What people must hear of, by the record that told it. */
    news: seen.news,
    sources: sorted([...seen.sources].map(([source, progress]) => ({ source, ...progress }))),
    windows: windowsOf(folded),
    stocks: sorted([...folded.stock].map(([place, state]) => ({ place, ...state }))),
    purchases: sorted(
      [...folded.purchases].map(([key, line]) => ({ key: key.replaceAll('\u001f', '/'), ...line })),
    ),
    episodes: sorted([...folded.episodes.values()]),
    operators: {
      alerts: sorted([...seen.alerts.values()]),
      sessions: sorted([...seen.sessions.values()].map(({ sessionId, ...row }) => ({ sessionId, ...row }))),
      panes: sorted([...seen.panes].map(([place, sums]) => ({ place, ...sums }))),
      states: sorted(
        [...seen.states].flatMap(([place, kept]) =>
          hasExpired(kept, folded.watermark) ? [] : [{ place: place.replaceAll('\u001f', '/'), ...kept }],
        ),
      ),
      failures: seen.failures,
    },
  }
}

/** What the batches of a log say one after the other. */
class Seen {
  readonly watermarks: (Instant | null)[] = []
  readonly lateOffsets: number[] = []
  readonly lateSales: LateSale[] = []
  readonly sources = new Map<string, SourceProgress>()
  readonly alerts = new Map<string, Alert>()
  readonly sessions = new Map<string, SessionRow>()
  readonly panes = new Map<string, { documents: number; units: number }>()
  readonly states = new Map<string, KeptState>()
  readonly news: string[] = []
  failures = 0

  add({
    through,
    watermark,
    lateEvents,
    lateSales,
    sources,
    forgottenSources,
    stock,
    operators,
  }: BatchResult): void {
    this.watermarks.push(watermark.current)
    if (lateEvents > 0) this.lateOffsets.push(through.offset)
    this.lateSales.push(...lateSales)
    for (const source of forgottenSources) this.sources.delete(source)
    for (const [source, progress] of sources) this.sources.set(source, progress)
    for (const [id, { alert }] of operators.alerts) this.alerts.set(id, alert)
    for (const [id, row] of operators.sessions) this.sessions.set(id, row)
    for (const { metric, store, paneStart, key, documents, units } of operators.panesSince(null)) {
      const place = [metric, store, paneStart, key].join('/')
      const sums = this.panes.get(place) ?? { documents: 0, units: 0 }
      this.panes.set(place, { documents: sums.documents + documents, units: sums.units + units })
    }
    for (const [operator, own] of operators.touched)
      for (const [key, kept] of own) this.states.set(`${operator}/${key}`, { ...kept })
    const news = [
      ...[...stock.episodes.values()].flatMap(({ episode, isNews }) => (isNews ? [episode.alertId] : [])),
      ...[...operators.alerts.values()].flatMap(({ alert, isNews }) => (isNews ? [alert.alertId] : [])),
    ]
    this.news.push(...news.sort().map(alertId => `${through.offset} ${alertId}`))
    this.failures += operators.failures.length
  }
}

function windowsOf(folded: FoldedLog) {
  return sorted(
    [...folded.windows.values()].map(window => ({
      place: [window.store, window.windowStart, window.channel, window.currency].join('/'),
      businessDay: window.businessDay,
      ...Object.fromEntries(MEASURE_NAMES.map(name => [name, window[name]])),
      lateNet: window.lateNet,
      revision: window.revision,
      bulkEvents: window.bulkEvents,
      lastOffset: window.lastOffset,
    })),
  )
}

/** By the first of their fields. */
function sorted<Row extends object>(rows: readonly Row[]): Row[] {
  const keyOf = (row: Row) => String(Object.values(row)[0])
  return rows.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
}

/** As `ReferenceData.Rows` names them. */
function rowsForJava(reference: CaseReference) {
  return {
    ...reference,
    stores: reference.stores.map(({ id, versions }) => ({
      id,
      versions: versions.map(({ validFrom, zone, cutOverHour, input }) => ({
        validFrom,
        zone,
        cutOverHour,
        isLive: input === 'live',
      })),
    })),
    leadTimes: reference.leadTimes.map(({ supplier, validFrom, meanDays, spreadDays }) => ({
      supplier,
      validFrom,
      meanDays,
      spreadDays,
    })),
  }
}
