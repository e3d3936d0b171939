/** What waits at a bounded stage, as its process sees it. */
export interface StageReading {
  stage: string
  waiting: number
  bound: number
  /** The most that waited since it was read before. */
  peak: number
  /** This process' clock; null: nothing waits. */
  waitingSince: number | null
  /** How often the bound was met since the process began. */
  met: number
}

/** Keeps what waits at one bounded stage, and what became of it since somebody looked. */
export class StageGauge {
  readonly #stage: string
  readonly #bound: number
  readonly #clock: () => number
  #waiting = 0
  #peak = 0
  #waitingSince: number | null = null
  #met = 0

  constructor(stage: string, bound: number, clock: () => number = Date.now) {
    this.#stage = stage
    this.#bound = bound
    this.#clock = clock
  }

  /** Said whenever it changes, or as often as it can be looked at. */
  set(waiting: number): void {
    this.#waiting = waiting
    this.#peak = Math.max(this.#peak, waiting)
    if (waiting === 0) this.#waitingSince = null
    else this.#waitingSince ??= this.#clock()
  }

  /** Something was refused, coalesced or let go, because the bound is met. */
  meet(times = 1): void {
    this.#met += times
  }

  read(): StageReading {
    const reading = {
      stage: this.#stage,
      waiting: this.#waiting,
      bound: this.#bound,
      peak: this.#peak,
      waitingSince: this.#waitingSince,
      met: this.#met,
    }
    this.#peak = this.#waiting
    return reading
  }
}
