import type { Transaction } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { RefusedError } from '#server/serving/failures.ts'
import type { Serving } from '#server/serving/serving.ts'

/** Names an event that a path goes on without. */
export interface SetAsideKey {
  path: 'batch' | 'stream' | 'log'
  partition: number
  offset: number
}

/** An event of the log that a path cannot digest and goes on without. */
interface SetAsideEvent extends SetAsideKey {
  /** As far as the row tells; '' where it does not. */
  store: string
  /** Null: no such store is known. */
  storeName: string | null
  /** As the database writes it: it may be no day that a calendar knows. Null: the row has none. */
  businessDay: string | null
  type: string
  source: string
  id: string
  /** What the path has against it, in words. */
  reason: string
  /** The report that cannot be computed with it; null: the row itself is wrong, or the path is the stream. */
  job: string | null
  appendedAt: Instant
  setAsideAt: Instant
  /** Who goes on without it, and why; null: nobody has said so, and it is a finding. */
  accepted: { because: string; by: string | null; at: Instant } | null
}

interface SetAsideEvents {
  now: Instant
  /** Those that nobody has accepted first, then by store, the newest first. */
  events: SetAsideEvent[]
  /** How many there are: `events` holds the first of them. */
  count: number
  notAccepted: number
}

const SHOWN_EVENTS = 200

type Row = Omit<SetAsideEvent, 'accepted'> & {
  because: string | null
  by: string | null
  at: Instant | null
}

/** What both paths go on without, and what people have said of it. */
export async function listSetAside({ sql }: Pick<Serving, 'sql'>): Promise<SetAsideEvents> {
  const [rows, [counted]] = await Promise.all([
    sql<Row[]>`
      select a.path, a.partition, a."offset", a.store, s.name as "storeName", a.business_day::text as "businessDay",
        a.type, a.source, a.id, a.reason, a.job, a.appended_at as "appendedAt", a.set_aside_at as "setAsideAt",
        a.accepted_because as because, a.accepted_by as "by", a.accepted_at as at
      from recon.set_aside a
      left join ref.stores s on s.store = a.store
      order by a.accepted_because is not null, a.store, a.partition, a."offset" desc, a.path
      limit ${SHOWN_EVENTS}`,
    sql<{ now: Instant; count: number; notAccepted: number }[]>`
      select clock_timestamp() as now, count(*) as count,
        count(*) filter (where accepted_because is null) as "notAccepted"
      from recon.set_aside`,
  ])
  return {
    now: counted?.now ?? 0,
    events: rows.map(({ because, by, at, ...event }) => ({
      ...event,
      accepted: because === null || at === null ? null : { because, by, at },
    })),
    count: counted?.count ?? 0,
    notAccepted: counted?.notAccepted ?? 0,
  }
}

/**
 * Says that somebody goes on without an event: it stays listed and turns nothing red any more, until the path has
 * something else against it. Saying so twice does no harm: the newest word counts, all are kept.
 * @param by as they call themselves; null: they did not say
 * @throws RefusedError where the path has not set the event aside
 */
export async function acceptSetAside(
  serving: Pick<Serving, 'sql'>,
  { because, by, ...key }: SetAsideKey & { because: string; by: string | null },
): Promise<void> {
  await act(serving, key, { kind: 'accept', because, by })
}

/** Takes an acceptance back: the event is a finding of its store again. @throws RefusedError as for accepting */
export async function withdrawAcceptance(
  serving: Pick<Serving, 'sql'>,
  { by, ...key }: SetAsideKey & { by: string | null },
): Promise<void> {
  await act(serving, key, { kind: 'withdraw', because: null, by })
}

async function act(
  { sql }: Pick<Serving, 'sql'>,
  { path, partition, offset }: SetAsideKey,
  { kind, because, by }: { kind: 'accept' | 'withdraw'; because: string | null; by: string | null },
): Promise<void> {
  await sql.begin(async (transaction: Transaction) => {
    const written = await transaction`
      insert into live.set_aside_actions (path, partition, "offset", kind, reason, because, acted_by)
      select path, partition, "offset", ${kind}, reason, ${because}, ${by} from recon.set_aside
      where path = ${path} and partition = ${partition} and "offset" = ${offset}
      returning action`
    if (written.length === 0) {
      throw new RefusedError(
        `The ${path === 'log' ? 'archive' : `${path} path`} has not set offset ${offset} of partition ${partition} aside: it may have been put right meanwhile. Nothing was changed; look at the list again.`,
      )
    }
    // Last, as its lock is held until the commit.
    await transaction`
      select pg_notify('ops_changed', ''),
        live.append_ops('set_aside', ${transaction.json({ path, partition, offset, kind })})`
  })
}
