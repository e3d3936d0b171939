/** Signals that ask for an end. A terminal that is closed sends SIGHUP. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** One Ctrl+C may arrive twice: from the terminal, and repeated by npm. */
const sameRequestMs = 1_000

/**
 * An abort signal that fires when somebody asks this process to end.
 *
 * @param onInsist called when they ask again, a second or more later
 */
export function stopOnSignals(onInsist: () => void): AbortSignal {
  const controller = new AbortController()
  let askedAt = 0
  for (const signal of signals) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        askedAt = performance.now()
        controller.abort(new StopRequested(signal))
      } else if (performance.now() - askedAt > sameRequestMs) onInsist()
    })
  }
  return controller.signal
}

/** Somebody asked for the end; no error. */
export class StopRequested extends Error {
  override readonly name = 'StopRequested'
}

/** Waits for `work`, but no longer than until the end is asked for. */
export function unlessStopped<Result>(stop: AbortSignal, work: Promise<Result>): Promise<Result> {
  work.catch(() => {})
  return new Promise((resolve, reject) => {
    const leave = () => reject(stop.reason)
    if (stop.aborted) leave()
    stop.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => stop.removeEventListener('abort', leave))
  })
}
