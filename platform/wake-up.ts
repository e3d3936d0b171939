import { pause } from './time.ts'

/** Lets a loop sleep until somebody has news for it, at most for a while. */
export class WakeUp {
  #news = new AbortController()

  /** Ends the current wait, or the next one at once. */
  notify(): void {
    this.#news.abort()
  }

  /** Resolves at news, or after `atMostMs`. Takes the news. */
  async wait(atMostMs: number): Promise<void> {
    await pause(atMostMs, this.#news.signal)
    if (this.#news.signal.aborted) this.#news = new AbortController()
  }
}
