/** How far one stretch of the work is. */
export interface Progress {
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

export interface ProgressLine {
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
