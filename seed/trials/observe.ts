import type { SentEvent } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import type { Trial } from './trial.ts'

type OrderPlaced = Extract<SentEvent, { type: 'order.placed' }>

/** Orders that were accepted while it played. */
export function ordersIn({ accepted }: Pick<Trial, 'accepted'>): OrderPlaced[] {
  return accepted.filter(event => event.type === 'order.placed')
}

export interface SeenEpisode {
  store: string
  sku: string
  rule: string
  openedAt: Instant
  resolvedAt: Instant | null
}

/** Alerts of the stream path. */
export async function readEpisodes({ database }: Pick<Trial, 'database'>): Promise<SeenEpisode[]> {
  return database.sql<SeenEpisode[]>`
    select store, sku, rule, opened_at as "openedAt", resolved_at as "resolvedAt" from stream.episodes`
}

/** Dead letters by reason. */
export async function readDeadLetters({
  database,
}: Pick<Trial, 'database'>): Promise<Record<string, number>> {
  const rows = await database.sql<{ reason: string; count: number }[]>`
    select reason, count(*)::int as count from intake.dead_letters group by 1`
  return Object.fromEntries(rows.map(({ reason, count }) => [reason, count]))
}
