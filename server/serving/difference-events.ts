import type { Sql } from '#db/client.ts'
import type { DifferenceEventPage, EventCause, Metric, SideBySideScope } from '#server/serving/shapes.ts'

export interface DifferenceEventsRequest {
  scope: SideBySideScope
  cause: EventCause
  metric: Metric
  cursor?: string | null | undefined
  limit: number
}

export async function readDifferenceEvents(
  _sql: Sql,
  _request: DifferenceEventsRequest,
): Promise<DifferenceEventPage> {
  throw new Error('under way')
}
