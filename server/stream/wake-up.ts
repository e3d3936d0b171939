/** Lets a loop sleep until somebody has news for it, at most for a while. */
export class WakeUp {
  #hasNews = false
  #wake: (() => void) | null = null

  /** Ends the current wait, or the next one at once. */
  notify(): void {
    this.#hasNews = true
    this.#wake?.()
  }

  /** Resolves at news, or after `atMostMs`. Takes the news. */
  async wait(atMostMs: number): Promise<void> {
    if (!this.#hasNews) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, atMostMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#wake = null
    }
    this.#hasNews = false
  }
}
