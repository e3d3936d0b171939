/** What a seeding took, for machines; milliseconds since it began. */
export interface SeedingTimes {
  parts: { name: string; from: number; to: number; events?: number }[]
  milliseconds: number
}

const LINE_EVERY_MS = 5_000

/**
 * Tells people how a seeding gets on: what it is at, at what rate, and how long that part will still take. In a
 * terminal one line that is written over, elsewhere a line every five seconds.
 */
export class SeedingProgress {
  readonly #output: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>
  readonly #clock: () => number
  readonly #began: number
  readonly #parts: SeedingTimes['parts'] = []
  #partBegan: number
  #shownAt: number

  /** @param clock in milliseconds */
  constructor(output: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>, clock: () => number) {
    this.#output = output
    this.#clock = clock
    this.#began = this.#partBegan = this.#shownAt = clock()
  }

  /** Begins a part; the one before is over. */
  begin(): void {
    this.#partBegan = this.#clock()
  }

  /** Milliseconds since the part began. */
  elapsedMs(): number {
    return this.#clock() - this.#partBegan
  }

  /** @param share of this part that is done, 0 to 1; null where nobody knows */
  show(text: string, share: number | null): void {
    const left = share === null ? '' : describeLeft(share, this.elapsedMs())
    const line = left === '' ? text : `${text} · ${left}`
    if (this.#output.isTTY) this.#output.write(`\r\u001b[K    ${fitted(line, this.#output.columns)}`)
    else if (this.#clock() - this.#shownAt >= LINE_EVERY_MS) {
      this.#shownAt = this.#clock()
      this.#output.write(`    ${line}\n`)
    }
  }

  /** A line that stays. */
  done(text: string): void {
    this.clear()
    this.#output.write(`    ${text}\n`)
  }

  /** Leaves the line that is written over empty. */
  clear(): void {
    if (this.#output.isTTY) this.#output.write('\r\u001b[K')
  }

  /** Notes that something which began with its part is over; and of how many events it was. */
  took(name: string, events?: number): void {
    const times = { from: Math.round(this.#partBegan - this.#began), to: this.#sinceBeginning() }
    this.#parts.push({ name, ...times, ...(events === undefined ? {} : { events }) })
  }

  times(): SeedingTimes {
    return { parts: [...this.#parts], milliseconds: this.#sinceBeginning() }
  }

  #sinceBeginning(): number {
    return Math.round(this.#clock() - this.#began)
  }
}

/** '120,000 events · 95,000/s · 1.3 s'. */
export function describeDone(unit: string, done: number, elapsedMs: number): string {
  return `${done.toLocaleString('en')} ${unit} · ${rate(done, elapsedMs)} · ${duration(elapsedMs)}`
}

/** '95,000/s'. */
export function rate(done: number, elapsedMs: number): string {
  return `${(elapsedMs > 0 ? Math.round(done / (elapsedMs / 1_000)) : 0).toLocaleString('en')}/s`
}

/** '0.8 s' or '1 min 05 s'. */
export function duration(milliseconds: number, decimals = 1): string {
  const total = milliseconds / 1_000
  if (total < 60) return `${total.toFixed(decimals)} s`
  const whole = Math.round(total)
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

/** '12 s left'; empty while too little is done to tell. */
function describeLeft(share: number, elapsedMs: number): string {
  if (share < 0.02 || share >= 1) return ''
  // Tenths would only flicker.
  return `${duration(Math.max(1_000, (elapsedMs / share) * (1 - share)), 0)} left`
}

// A line that wraps cannot be written over.
function fitted(text: string, columns: number | undefined): string {
  const most = (columns ?? 80) - 5
  return text.length > most ? `${text.slice(0, Math.max(0, most - 1))}…` : text
}
