import { DAY_MS, HOUR_MS } from '#domain/instant.ts'
import { clockOffsetMs } from '#domain/operators/hour-of-week.ts'
import type { UnchangingStore } from '#domain/store.ts'

/** Once for a worker: an hour that turns during a test moves no day. */
const STARTED = Date.now()

/**
 * A store whose business day has begun about twelve hours ago and ends in as many, whatever the hour: what sells now, an
 * hour ago and in two minutes is of one day, and of the same date in every store. Where twelve hours ago it was another
 * date there than in Greenwich, its day begins at the end of that date that is nearest.
 */
export function inMidDay<Store extends UnchangingStore>(store: Store, now = STARTED): Store {
  const hour = ((now - 12 * HOUR_MS) % DAY_MS) / HOUR_MS
  const local = Math.floor(hour + clockOffsetMs(store.zone, now) / HOUR_MS)
  return { ...store, cutOverHour: Math.min(Math.max(local, 0), 23) }
}
