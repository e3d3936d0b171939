import { describeLeft, type ProgressLine } from './progress.ts'

/**
 * The stretches of a seeding, each with its share of the whole's time on two cores (60 days of 8 stores; a year
 * of 20 is much the same). Only for the time left.
 */
const SHARES = { history: 0.36, paths: 0.44, reconciliation: 0.2 } as const

export type Stretch = keyof typeof SHARES

/** What a seeding took, for machines; milliseconds since it began. */
export interface SeedingTimes {
  parts: { name: string; from: number; to: number; events?: number }[]
  milliseconds: number
}

/** Tells people how a seeding gets on: what it is at, at what rate, and how long the whole will still take. */
export interface SeedingProgress {
  /** Begins a stretch; the one before is over. */
  begin(stretch: Stretch): void
  /** Milliseconds since the stretch began. */
  elapsedMs(): number
  /** @param share of this stretch that is done, 0 to 1; null where nobody knows: time then stands for it */
  show(text: string, share: number | null): void
  /** A line that stays. */
  done(text: string): void
  /** Notes that a part, which began with its stretch, is over; and of how many events it was. */
  took(name: string, events?: number): void
  clear(): void
  times(): SeedingTimes
}

/** @param clock in milliseconds */
export function createSeedingProgress(line: ProgressLine, clock: () => number): SeedingProgress {
  const began = clock()
  const parts: SeedingTimes['parts'] = []
  let current: Stretch = 'history'
  let currentBegan = began
  let shareBefore = 0
  return {
    begin(stretch) {
      const names = Object.keys(SHARES) as Stretch[]
      shareBefore = names.slice(0, names.indexOf(stretch)).reduce((sum, name) => sum + SHARES[name], 0)
      current = stretch
      currentBegan = clock()
    },
    elapsedMs: () => clock() - currentBegan,
    show(text, share) {
      const elapsedMs = clock() - began
      const done = share ?? passedShare(clock() - currentBegan)
      const left = describeLeft(shareBefore + SHARES[current] * Math.min(1, done), elapsedMs)
      line.show(left === '' ? text : `${text} · ${left}`)
    },
    done: text => line.done(text),
    took(name, events) {
      const from = Math.round(currentBegan - began)
      const to = Math.round(clock() - began)
      parts.push({ name, from, to, ...(events === undefined ? {} : { events }) })
    },
    clear: () => line.clear(),
    times: () => ({ parts: [...parts], milliseconds: Math.round(clock() - began) }),
  }

  /** By the time that the stretches before took, which says how long this one will. */
  function passedShare(elapsedMs: number): number {
    if (shareBefore === 0) return 0
    const expectedMs = ((currentBegan - began) / shareBefore) * SHARES[current]
    return Math.min(0.95, elapsedMs / Math.max(1, expectedMs))
  }
}
