import { addHistogram, emptyHistogram, type Histogram, observe } from './histogram.ts'

/** What an operator took. */
export interface Cost {
  /** Sales documents that the other figures are of. */
  orders: number
  rows: number
  cpuMicros: number
  databaseMicros: number
}

/** What was measured since it was last taken. */
export interface Measured {
  costs: Map<string, Cost>
  latencies: Map<string, Histogram>
}

/** All that a process took, whatever its operators are. */
export const WHOLE_PROCESS = 'process'

/** Adds up what a process measures of itself, until somebody writes it down. Costs a map's look-up for each addition. */
export class CostMeter {
  #measured: Measured = { costs: new Map(), latencies: new Map() }
  #cpu = process.cpuUsage()

  add(operator: string, cost: Partial<Cost>): void {
    const known = this.#measured.costs.get(operator)
    if (known) addTo(known, cost)
    else this.#measured.costs.set(operator, { ...NOTHING, ...cost })
  }

  /** @param times how many things took as long */
  observe(measure: string, ms: number, times = 1): void {
    observe(this.#histogram(measure), ms, times)
  }

  /** All of it, with the processor's time of the process since the time before. */
  take(): Measured {
    const used = process.cpuUsage(this.#cpu)
    this.#cpu = process.cpuUsage()
    this.add(WHOLE_PROCESS, { cpuMicros: used.user + used.system })
    const measured = this.#measured
    this.#measured = { costs: new Map(), latencies: new Map() }
    return measured
  }

  /** What could not be written down waits for the next time. */
  giveBack({ costs, latencies }: Measured): void {
    for (const [operator, cost] of costs) this.add(operator, cost)
    for (const [measure, histogram] of latencies) addHistogram(this.#histogram(measure), histogram)
  }

  #histogram(measure: string): Histogram {
    const known = this.#measured.latencies.get(measure)
    if (known) return known
    const histogram = emptyHistogram()
    this.#measured.latencies.set(measure, histogram)
    return histogram
  }
}

const NOTHING: Cost = { orders: 0, rows: 0, cpuMicros: 0, databaseMicros: 0 }

function addTo(known: Cost, more: Partial<Cost>): void {
  known.orders += more.orders ?? 0
  known.rows += more.rows ?? 0
  known.cpuMicros += more.cpuMicros ?? 0
  known.databaseMicros += more.databaseMicros ?? 0
}
