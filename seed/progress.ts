export interface Progress {
  done: number
  /** Undefined where nobody knows. */
  total?: number
  elapsedMs: number
}

/** '40,000 of about 120,000 events · 95,000/s · 0.8 s left'. */
export function describeProgress(unit: string, { done, total, elapsedMs }: Progress): string {
  const count =
    total === undefined ? format(done) : `${format(done)} of about ${format(Math.max(done, total))}`
  const rate = elapsedMs > 0 ? done / (elapsedMs / 1_000) : 0
  const parts = [`${count} ${unit}`, `${format(Math.round(rate))}/s`]
  if (total !== undefined && rate > 0 && done < total) {
    parts.push(`${duration(((total - done) / rate) * 1_000)} left`)
  }
  return parts.join(' · ')
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
      if (output.isTTY) output.write(`\r\u001b[K    ${text}`)
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

/** '0.8 s' or '1 min 05 s'. */
export function duration(milliseconds: number): string {
  const total = milliseconds / 1_000
  if (total < 60) return `${total.toFixed(1)} s`
  const whole = Math.round(total)
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

function format(count: number): string {
  return count.toLocaleString('en')
}
