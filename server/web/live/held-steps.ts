import { covers } from './chain.ts'
import type { Place } from './cursor.ts'
import type { LaneRow, OpsRow } from './lane.ts'

/** What was read from the lanes in one go. */
export interface Step {
  from: Place
  to: Place
  rows: readonly LaneRow[]
  ops: readonly OpsRow[]
}

/** More than a slow client is given time for: at 20 steps a second half a minute and some. */
const STEPS_HELD = 700

/**
 * The newest steps, numbered, for clients that are told them at their own speed. Old ones are dropped:
 * whoever still needed them gets a snapshot.
 */
export class HeldSteps {
  #steps: Step[] = []
  #first = 0

  /** Number of the oldest step that is held. */
  get first(): number {
    return this.#first
  }

  /** Number that the next step will get. */
  get next(): number {
    return this.#first + this.#steps.length
  }

  push(step: Step): void {
    this.#steps.push(step)
    if (this.#steps.length > STEPS_HELD) {
      this.#steps.shift()
      this.#first += 1
    }
  }

  /** Drops everything; numbers go on. */
  clear(): void {
    this.#first = this.next
    this.#steps = []
  }

  /**
   * The steps from a number on, for a client that stands at `place` when all steps end at `head`; null when
   * some it needs were dropped.
   */
  since(number: number, { place, head }: { place: Place; head: Place }): readonly Step[] | null {
    const steps = this.#steps.slice(Math.max(0, number - this.#first))
    const begin = steps[0]?.from ?? head
    return number < this.#first && !covers(place, begin) ? null : steps
  }
}
