/** Lets the work of many requests take turns with the network. */
export interface TimeSlices {
  /** Does the work at once, or, when this round's time is spent, in one of the next rounds. In order. */
  run<Result>(work: () => Result): Promise<Result>
}

interface Waiting {
  start(): void
}

/**
 * Decoding a large request takes ten milliseconds, and under a flood dozens of them are complete in one round of
 * the event loop, which then takes seconds. As one connection is accepted a round, senders waited 17 s and more
 * to be heard at all. So a round works for `sliceMs`, looks at the network, and goes on.
 */
export function createTimeSlices(sliceMs: number): TimeSlices {
  let waiting: Waiting[] = []
  let sliceEnd: number | undefined

  function openRound(): void {
    sliceEnd = performance.now() + sliceMs
    // After the network was looked at.
    setImmediate(nextRound)
  }

  function hasTime(): boolean {
    return sliceEnd !== undefined && performance.now() < sliceEnd
  }

  function nextRound(): void {
    sliceEnd = undefined
    if (waiting.length === 0) return
    let started = 0
    openRound()
    // One at least: whatever the clock says, it goes on.
    do {
      waiting[started]?.start()
      started += 1
    } while (hasTime() && started < waiting.length)
    waiting = waiting.slice(started)
  }

  return {
    run(work) {
      return new Promise((resolve, reject) => {
        function start(): void {
          try {
            resolve(work())
          } catch (error) {
            reject(error)
          }
        }
        if (sliceEnd === undefined) openRound()
        if (waiting.length === 0 && hasTime()) start()
        else waiting.push({ start })
      })
    },
  }
}
