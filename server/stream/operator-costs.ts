import type { Instant } from '#domain/instant.ts'
import { hasExpired, type Lap } from '#domain/operators/fold.ts'
import { type CostMeter, WHOLE_PROCESS } from '#platform/cost-meter.ts'
import type { BatchResult } from './fold/fold-batch.ts'

// What each operator of the stream costs. Two looks at the clock an event and operator cost more than most of them do
// (some 0.5 µs each on a busy machine, where all rules together take 2.5 µs an order), so only some batches are timed:
// as many as keep the timed events below a rate. A quiet stream is timed whole, a busy one now and then, and neither
// spends more than some 0.4% of a processor on it.

/** Events a second that are timed, operator by operator. */
const TIMED_EVENTS_PER_SECOND = 500

/** A batch that is timed: where its time went. */
export interface Timed {
  lap: Lap
  /** Ends the timing, before anything is waited for. @returns microseconds of the processor, by operator */
  stop(): ReadonlyMap<string, number>
}

/** What a batch did to the database. */
export interface BatchWork {
  batch: BatchResult
  /** Append times of the live sales in it. */
  appendedAt: readonly Instant[]
  databaseMs: number
  timed: Timed | null
}

/** What the stream of this process takes, kept in its meter. */
export class OperatorCosts {
  readonly #meter: CostMeter
  readonly #eventsPerSecond: number
  readonly #clock: () => number
  #nextAt = Number.NEGATIVE_INFINITY
  #lapMicros: number | null = null

  /**
   * @param options.clock monotonic, in ms
   */
  constructor(
    meter: CostMeter,
    {
      eventsPerSecond = TIMED_EVENTS_PER_SECOND,
      clock = () => performance.now(),
    }: { eventsPerSecond?: number; clock?: () => number } = {},
  ) {
    this.#meter = meter
    this.#eventsPerSecond = eventsPerSecond
    this.#clock = clock
  }

  /** Begins to time a batch, unless enough was timed lately. */
  begin(events: number): Timed | null {
    const now = this.#clock()
    if (now < this.#nextAt) return null
    this.#nextAt = now + (events / this.#eventsPerSecond) * 1_000
    this.#lapMicros ??= microsOfLap()
    return startTiming(this.#lapMicros)
  }

  /** What a batch came to, once it is committed. */
  add({ batch, appendedAt, databaseMs, timed }: BatchWork): void {
    const { sales: orders } = batch
    const meter = this.#meter
    const now = Date.now()
    for (const instant of appendedAt) meter.observe('counted', now - instant)
    meter.add(WHOLE_PROCESS, { orders, databaseMicros: databaseMs * 1_000 })
    if (timed === null) return
    const micros = timed.stop()
    const rows = rowsOf(batch)
    for (const operator of new Set([...micros.keys(), ...rows.keys()]))
      meter.add(operator, {
        orders,
        rows: rows.get(operator) ?? 0,
        cpuMicros: micros.get(operator) ?? 0,
      })
  }
}

/** Rows that a batch writes, by operator. */
export function rowsOf(batch: BatchResult): Map<string, number> {
  const { windows, stock, operators, watermark, sources } = batch
  const rows = new Map<string, number>([
    ['windows', windows.length],
    ['stock', stock.touched.length + stock.purchases.length + stock.episodes.size],
    // The sources' progress, the checkpoint and the row of changes.
    ['checkpoint', sources.length + 2],
  ])
  const count = (operator: string, more = 1) => rows.set(operator, (rows.get(operator) ?? 0) + more)
  for (const [operator, states] of operators.touched)
    for (const kept of states.values()) if (!hasExpired(kept, watermark.current)) count(operator)
  for (const { metric } of operators.panesSince(watermark.current)) count(metric)
  for (const { metric } of operators.sessionsSince(watermark.current)) count(metric)
  for (const { alert } of operators.alerts.values()) count(alert.rule)
  return rows
}

/**
 * Times what is synchronous. The clock on the wall runs on while another process has the core: what the thread itself has
 * used says how much of it was ours, and each operator has its share of that.
 */
function startTiming(lapMicros: number): Timed {
  const walls = new Map<string, number>()
  const cpu = process.threadCpuUsage()
  const began = performance.now()
  let last = began
  let ended: ReadonlyMap<string, number> | null = null
  return {
    lap(operator) {
      const now = performance.now()
      walls.set(operator, (walls.get(operator) ?? 0) + (now - last) * 1_000 - lapMicros)
      last = now
    },
    stop() {
      if (ended) return ended
      const wallMicros = Math.max(1, (performance.now() - began) * 1_000)
      const used = process.threadCpuUsage(cpu)
      const share = Math.min(1, (used.user + used.system) / wallMicros)
      ended = new Map([...walls].map(([operator, micros]) => [operator, Math.max(0, micros) * share]))
      return ended
    },
  }
}

const CALIBRATION_LAPS = 2_000

/** What looking at the clock itself takes, which is taken off. */
function microsOfLap(): number {
  const { lap } = startTiming(0)
  const began = performance.now()
  for (let laps = 0; laps < CALIBRATION_LAPS; laps += 1) lap('clock')
  return ((performance.now() - began) * 1_000) / CALIBRATION_LAPS
}
