/** How far one stretch of the work is. */
interface Progress {
  done: number
  total: number
  elapsedMs: number
}

/** '40,000 of about 120,000 events · 95,000/s'. */
export function describeProgress(unit: string, { done, total, elapsedMs }: Progress): string {
  return `${format(done)} of about ${format(Math.max(done, total))} ${unit} · ${rate({ done, elapsedMs })}/s`
}

/** '120,000 events · 95,000/s · 1.3 s'. */
export function describeDone(unit: string, { done, elapsedMs }: Omit<Progress, 'total'>): string {
  return `${format(done)} ${unit} · ${rate({ done, elapsedMs })}/s · ${duration(elapsedMs)}`
}

/**
 * How long the whole will still take, as its parts have taken so far: '12 s left'. Empty while too little is
 * done to tell.
 * @param share of the whole that is done, 0 to 1
 */
export function describeLeft(share: number, elapsedMs: number): string {
  if (share < 0.02 || share >= 1) return ''
  const leftMs = (elapsedMs / share) * (1 - share)
  // Tenths would only flicker.
  return `${duration(Math.max(1_000, leftMs), 0)} left`
}

interface ProgressLine {
  show(text: string): void
  /** A line that stays. */
  done(text: string): void
  /** Leaves the line empty. */
  clear(): void
}

const LINE_EVERY_MS = 5_000

/** One line that is written over in a terminal; elsewhere a line every five seconds. */
export function createProgressLine(output: NodeJS.WriteStream, clock: () => number): ProgressLine {
  let shownAt = clock()
  return {
    show(text) {
      if (output.isTTY) output.write(`\r\u001b[K    ${fitted(text, output.columns)}`)
      else if (clock() - shownAt >= LINE_EVERY_MS) {
        shownAt = clock()
        output.write(`    ${text}\n`)
      }
    },
    done(text) {
      this.clear()
      output.write(`    ${text}\n`)
    },
    clear() {
      if (output.isTTY) output.write('\r\u001b[K')
    },
  }
}

// A line that wraps cannot be written over.
function fitted(text: string, columns: number | undefined): string {
  const most = (columns ?? 80) - 5
  return text.length > most ? `${text.slice(0, Math.max(0, most - 1))}…` : text
}

/** '0.8 s' or '1 min 05 s'. */
export function duration(milliseconds: number, decimals = 1): string {
  const total = milliseconds / 1_000
  if (total < 60) return `${total.toFixed(decimals)} s`
  const whole = Math.round(total)
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

function rate({ done, elapsedMs }: Omit<Progress, 'total'>): string {
  return format(elapsedMs > 0 ? Math.round(done / (elapsedMs / 1_000)) : 0)
}

function format(count: number): string {
  return count.toLocaleString('en')
}

/**
 * The stretches of a seeding, each with its share of the whole's time on two cores (60 days of 8 stores; a year
 * of 20 is much the same). Only for the time left.
 */
const SHARES = { history: 0.36, paths: 0.44, reconciliation: 0.2 } as const

type Stretch = keyof typeof SHARES

/** What a seeding took, for machines; milliseconds since it began. */
interface SeedingTimes {
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
