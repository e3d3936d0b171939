import { pause } from '#platform/time.ts'
import { type Cluster, errorIds } from './cluster.ts'

/** How long the end of the transaction before, or of that of a fenced writer, may take. */
const FREE_WITHIN_MS = 20_000

/** Said while an earlier transaction of the same id is being ended, its coordinator moves, or a broker has just come up. */
const PASSING = [
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
]

/** Asks a coordinator again while it says that it will soon be able to answer. */
export async function whenFree<Result>(cluster: Cluster, ask: () => Promise<Result>): Promise<Result> {
  const until = performance.now() + FREE_WITHIN_MS
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 20)) {
    try {
      return await ask()
    } catch (error) {
      const ids = errorIds(error)
      if (!PASSING.some(id => ids.has(id)) || performance.now() > until) throw error
      if (!ids.has('CONCURRENT_TRANSACTIONS')) cluster.forget()
    }
    await pause(pauseMs)
  }
}
