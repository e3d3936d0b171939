import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts'
import type { EmptySpan } from './shelves.ts'

/** An alert of a shortage, from when people heard of it until it was over. */
export interface ShelfAlert {
  store: string
  sku: string
  openedAt: Instant
  /** Null: it is open yet. */
  closedAt: Instant | null
}

/** How often alerts are right, and how early. */
export interface ShortageScore {
  alerts: number
  /** Alerts of shelves that were empty before the alert was over. */
  right: number
  /** Times at which an empty shelf cost a sale. */
  stockouts: number
  /** Of these, such as an alert had told of before. */
  foretold: number
  /** Of these, such as an alert told of at last, when the shelf was empty. */
  toldLate: number
  /** Between alert and empty shelf, hours, of those foretold, ascending. */
  leadHours: number[]
  /** A product of all stores together, in thirty days. */
  perProductAndMonth: number
  /** Open at three in the afternoon (UTC), on each of the days, ascending. */
  open: number[]
}

/**
 * Holds alerts against the shelves that were empty in truth. An alert is right where its shelf was empty at some time while
 * it was open; a stockout counts where somebody wanted what was not there.
 */
export function scoreAlerts(
  alerts: readonly ShelfAlert[],
  spans: readonly EmptySpan[],
  { from, to, products }: { from: Instant; to: Instant; products: number },
): ShortageScore {
  const alertsOf = Map.groupBy(alerts, keyOf)
  const spansOf = Map.groupBy(spans, keyOf)
  const judged = alerts.filter(({ openedAt }) => openedAt >= from && openedAt < to)
  const right = judged.filter(alert =>
    (spansOf.get(keyOf(alert)) ?? []).some(
      span => span.from <= (alert.closedAt ?? to) && (span.to ?? to) >= alert.openedAt,
    ),
  )
  const stockouts = spans.filter(span => span.missed > 0 && span.from >= from && span.from < to)
  const leadHours: number[] = []
  let toldLate = 0
  for (const span of stockouts) {
    const own = (alertsOf.get(keyOf(span)) ?? []).filter(
      alert => alert.openedAt <= (span.to ?? to) && (alert.closedAt ?? to) >= span.from,
    )
    const first = Math.min(...own.map(({ openedAt }) => openedAt))
    if (first < span.from) leadHours.push((span.from - first) / HOUR_MS)
    else if (own.length > 0) toldLate += 1
  }
  const months = (to - from) / (30 * DAY_MS)
  return {
    alerts: judged.length,
    right: right.length,
    stockouts: stockouts.length,
    foretold: leadHours.length,
    toldLate,
    leadHours: leadHours.sort((one, other) => one - other),
    perProductAndMonth: judged.length / products / months,
    open: openOn(alerts, { from, to }),
  }
}

const LOOKED_AT_MS = 15 * HOUR_MS

function openOn(alerts: readonly ShelfAlert[], { from, to }: { from: Instant; to: Instant }): number[] {
  const counts: number[] = []
  for (let at = Math.ceil(from / DAY_MS) * DAY_MS + LOOKED_AT_MS; at < to; at += DAY_MS) {
    counts.push(alerts.filter(({ openedAt, closedAt }) => openedAt <= at && (closedAt ?? to) > at).length)
  }
  return counts.sort((one, other) => one - other)
}

/** By how many hours one told of a stockout before the other, of those that both told of in time; ascending. */
export function leadsOver(
  one: readonly ShelfAlert[],
  other: readonly ShelfAlert[],
  spans: readonly EmptySpan[],
): number[] {
  const [ofOne, ofOther] = [Map.groupBy(one, keyOf), Map.groupBy(other, keyOf)]
  const firstOf = (alerts: readonly ShelfAlert[] | undefined, span: EmptySpan) =>
    Math.min(
      ...(alerts ?? [])
        .filter(alert => alert.openedAt < span.from && (alert.closedAt ?? span.from) >= span.from)
        .map(({ openedAt }) => openedAt),
    )
  return spans
    .filter(({ missed }) => missed > 0)
    .map(span => (firstOf(ofOther.get(keyOf(span)), span) - firstOf(ofOne.get(keyOf(span)), span)) / HOUR_MS)
    .filter(Number.isFinite)
    .sort((left, right) => left - right)
}

function keyOf({ store, sku }: { store: string; sku: string }): string {
  return `${store} ${sku}`
}
