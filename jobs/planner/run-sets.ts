import type { Slot } from './slot.ts'

/** Slots of one job that one transaction computes and replaces together. */
export interface RunSet {
  job: string
  slots: readonly Slot[]
}

export interface SetLimits {
  /** Events of the log in one set; a single slot may have more. */
  maxEvents: number
  maxSlots: number
}

/** A million events sort and group in some seconds and a few hundred megabytes of temporary files. */
export const SET_LIMITS: SetLimits = { maxEvents: 1_000_000, maxSlots: 4_000 }

/**
 * Cuts planned slots (in their order: job, then period) into sets that bound memory and the length of a
 * transaction: a year of a few stores is a handful of statements, not thousands of runs.
 */
export function cutIntoSets(slots: readonly Slot[], limits: SetLimits = SET_LIMITS): RunSet[] {
  const sets: { job: string; slots: Slot[] }[] = []
  let events = 0
  for (const slot of slots) {
    const last = sets.at(-1)
    const fits =
      last !== undefined &&
      last.job === slot.job &&
      last.slots.length < limits.maxSlots &&
      events + slot.events <= limits.maxEvents
    if (fits) {
      last.slots.push(slot)
      events += slot.events
    } else {
      sets.push({ job: slot.job, slots: [slot] })
      events = slot.events
    }
  }
  return sets
}
