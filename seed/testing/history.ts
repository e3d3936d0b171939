import type { SentEvent } from '#domain/event.ts'
import type { Arrival } from '#seed/history/arrivals.ts'
import { type HistorySpan, type WorldEnd, worldHistory } from '#seed/history/world-history.ts'
import { createWorld, type World, type WorldParameters } from '#seed/world/world.ts'

/** A history played to its end. */
export interface PlayedHistory {
  world: World
  /** In order of arrival. */
  arrivals: Arrival[]
  /** Everything that happened, what lies in undelivered journals too, in the order in which it happened. */
  events: SentEvent[]
  end: WorldEnd
}

export function playHistory(parameters: WorldParameters, span: HistorySpan): PlayedHistory {
  const world = createWorld(parameters)
  const history = worldHistory(world, span)
  const arrivals: Arrival[] = []
  let next = history.next()
  for (; !next.done; next = history.next()) arrivals.push(next.value)
  const end = next.value
  const events = [...arrivals.map(({ event }) => event), ...end.journals.flatMap(({ events }) => events)]
  // All times are written in UTC with milliseconds, so that their order as text is theirs in time.
  events.sort((left, right) =>
    left.eventTime < right.eventTime ? -1 : left.eventTime > right.eventTime ? 1 : 0,
  )
  return { world, arrivals, events, end }
}

/** The events of one type. */
export function ofType<Type extends SentEvent['type']>(
  events: readonly SentEvent[],
  type: Type,
): Extract<SentEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<SentEvent, { type: Type }> => event.type === type)
}
