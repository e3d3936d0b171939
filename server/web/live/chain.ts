import { offsetOf, type Place } from './cursor.ts'
import type { LaneRow, OpsRow } from './lane.ts'

/**
 * The place after these rows, or null where something between is missing: rows were trimmed, or a batch
 * changed more than it could list. Rows of one partition are in order; partitions may alternate.
 */
export function advance(
  place: Place,
  { rows, ops }: { rows: readonly LaneRow[]; ops: readonly OpsRow[] },
): Place | null {
  const offsets = [...place.offsets]
  for (const { partition, previousOffset, throughOffset } of rows) {
    if (previousOffset > (offsets[partition] ?? 0)) return null
    offsets[partition] = throughOffset
  }
  let sequence = place.ops
  for (const row of ops) {
    if (row.sequence !== sequence + 1) return null
    sequence = row.sequence
  }
  return { generation: place.generation, offsets, ops: sequence }
}

/** The further of two places of one generation, lane by lane. */
export function furthest(one: Place, other: Place): Place {
  return {
    generation: one.generation,
    offsets: one.offsets.map((offset, partition) => Math.max(offset, offsetOf(other, partition))),
    ops: Math.max(one.ops, other.ops),
  }
}

/** Whether `place` has been told everything up to `other`. */
export function covers(place: Place, other: Place): boolean {
  return (
    place.generation === other.generation &&
    place.ops >= other.ops &&
    other.offsets.every((offset, partition) => offsetOf(place, partition) >= offset)
  )
}

/** Batches that one update of a catch-up tells at most, so that few sales are left out and it still ends soon. */
export interface CatchUpStep {
  rows: LaneRow[]
  ops: OpsRow[]
  to: Place
}

/** Updates of a long catch-up, about: at 20 a second it lasts two seconds. Uneven batches make it a few more. */
const TARGET_STEPS = 40

/**
 * Cuts missed batches into updates: of as few sales as an update can tell, unless that made too many.
 * @param place where the client stands; the rows follow it without a gap
 */
export function cutCatchUp(
  place: Place,
  missed: { rows: readonly LaneRow[]; ops: readonly OpsRow[] },
  maxSales: number,
): CatchUpStep[] {
  const total = missed.rows.reduce((sum, row) => sum + salesOf(row), 0)
  const perStep = Math.max(maxSales, Math.ceil(total / TARGET_STEPS))
  const steps: CatchUpStep[] = []
  let rows: LaneRow[] = []
  let sales = 0
  let to = place
  const close = (ops: OpsRow[]) => {
    to = advance(to, { rows, ops }) ?? to
    steps.push({ rows, ops, to })
    rows = []
    sales = 0
  }
  for (const row of missed.rows) {
    if (rows.length > 0 && sales + salesOf(row) > perStep) close([])
    rows.push(row)
    sales += salesOf(row)
  }
  if (rows.length > 0 || missed.ops.length > 0) close([...missed.ops])
  return steps
}

function salesOf(row: LaneRow): number {
  let count = 0
  for (const store of row.sales.values()) count += store.count
  return count
}
