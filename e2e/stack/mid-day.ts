import { clockOffsetMs } from '#domain/operators/hour-of-week.ts'
import type { UnchangingStore } from '#domain/store.ts'

/** Once for a worker: an hour that turns during a test moves no day. */
const NOW = Date.now()

/**
 * A store whose business day has begun twelve hours ago and ends in as many, whatever the hour: what sells now, an hour
 * ago and in two minutes is of one day, and of the same in every store.
 */
export function inMidDay<Store extends UnchangingStore>(store: Store): Store {
  const hour = new Date(NOW + clockOffsetMs(store.zone, NOW)).getUTCHours()
  return { ...store, cutOverHour: (hour + 12) % 24 }
}
