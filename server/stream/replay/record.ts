import type { Sql } from '#db/client.ts'
import type { Reading, Transaction } from '#db/transaction.ts'
import type { Certificate } from '#domain/certificate.ts'
import type { AlertsDifference, PartitionProgress, ReplayKind, TotalsDifference } from '#domain/replay.ts'

/** What is to be done, by whose word. */
interface ReplayRequest {
  kind: ReplayKind
  /** Of certify and switch: the generation that was asked for. */
  to: number | null
  /** Switch also when the rebuilt generation says something else, as after a change of rules. */
  acceptsDifferences: boolean
  /** Null: they did not say. */
  askedBy: string | null
}

/** Differences that are kept; all are counted. */
const MOST_KEPT = 200

/**
 * The row of a replay in `live.replays`, written by who does it and kept for good. Its backend is that of the
 * connection: whoever reads of a replay under way whose backend is gone knows that it was killed.
 */
export class ReplayRecord {
  readonly request: ReplayRequest
  readonly #sql: Sql
  readonly #replay: number

  private constructor(sql: Sql, replay: number, request: ReplayRequest) {
    this.#sql = sql
    this.#replay = replay
    this.request = request
  }

  /** Of a replay that nobody has asked for on a page. @param sql one connection, which does the replay */
  static async begin(sql: Sql, request: ReplayRequest): Promise<ReplayRecord> {
    const { kind, to, acceptsDifferences, askedBy } = request
    const [row] = await sql<{ replay: number }[]>`
      insert into live.replays (kind, to_generation, accepts_differences, asked_by)
      values (${kind}, ${to}, ${acceptsDifferences}, ${askedBy}) returning replay`
    const record = row && (await ReplayRecord.take(sql, row.replay))
    if (!record) throw new Error('the record of the replay was not written')
    return record
  }

  /** Takes what was asked for. @returns null where another process has, or nothing of that number waits */
  static async take(sql: Sql, replay: number): Promise<ReplayRecord | null> {
    return sql.begin(async transaction => {
      const [request] = await transaction<ReplayRequest[]>`
        update live.replays r
        set state = 'running', started_at = clock_timestamp(), backend_pid = me.pid, backend_start = me.backend_start
        from pg_stat_activity me
        where me.pid = pg_backend_pid() and r.replay = ${replay} and r.state = 'requested'
        returning r.kind, r.to_generation as "to", r.accepts_differences as "acceptsDifferences", r.asked_by as "askedBy"`
      if (!request) return null
      await announce(transaction, replay, 'running')
      return new ReplayRecord(sql, replay, request)
    })
  }

  /** Between which generations it is. */
  async between({ from, to }: { from: number; to: number }): Promise<void> {
    await this.#sql`
      update live.replays set from_generation = ${from}, to_generation = ${to},
        from_rules = (select rules_version from stream.generations where generation = ${from}),
        to_rules = (select rules_version from stream.generations where generation = ${to})
      where replay = ${this.#replay}`
  }

  /** Also writes anew whose it is: the driver may have connected again. */
  async progress(partitions: readonly PartitionProgress[]): Promise<void> {
    await this.#sql`
      update live.replays r set progress = ${JSON.stringify(partitions)}::text::jsonb,
        backend_pid = me.pid, backend_start = me.backend_start
      from pg_stat_activity me
      where me.pid = pg_backend_pid() and r.replay = ${this.#replay}`
  }

  /** What was built, and how it differs from the active generation at equal offsets. */
  async compared(built: {
    events: number
    buildMs: number
    differences: readonly TotalsDifference[]
    alerts: readonly AlertsDifference[]
  }): Promise<void> {
    const { events, buildMs, differences, alerts } = built
    await this.#sql`
      update live.replays set events = ${events}, build_ms = ${Math.round(buildMs)},
        difference_count = ${differences.length},
        differences = ${JSON.stringify(differences.slice(0, MOST_KEPT))}::text::jsonb,
        alerts = ${JSON.stringify(alerts)}::text::jsonb
      where replay = ${this.#replay}`
  }

  /** How long nobody wrote the active generation. */
  async paused(pauseMs: number): Promise<void> {
    await this.#sql`update live.replays set pause_ms = ${Math.round(pauseMs)} where replay = ${this.#replay}`
  }

  /** By which certificate it goes on, or does not. */
  async certified(transaction: Transaction, { certificate, document }: Certificate): Promise<void> {
    await transaction`
      update live.replays set certificate = ${certificate}, difference_count = ${document.differences}
      where replay = ${this.#replay}`
  }

  /** Ends it in the transaction that moves the pointer: its last statement, as that holds the lane's lock. */
  async switched(transaction: Transaction, detail: string): Promise<void> {
    await end(transaction, this.#replay, { state: 'switched', detail })
  }

  /** Ends it with the active generation as it was. */
  async unswitched(outcome: {
    state: 'kept' | 'certified' | 'refused' | 'failed'
    detail: string
  }): Promise<void> {
    await this.#sql.begin(transaction => end(transaction, this.#replay, outcome))
  }
}

/** Says of replays that were killed that they were, before another one begins. */
export async function settleAbandoned(sql: Sql): Promise<void> {
  await sql`
    update live.replays r
    set state = 'abandoned', ended_at = clock_timestamp(), detail = 'Its process ended in the middle of it.'
    where r.state = 'running' and not exists (
      select from pg_stat_activity a where a.pid = r.backend_pid and a.backend_start = r.backend_start)`
}

/** The oldest replay that is asked for on a page and that nobody has taken; null when none is. */
export async function waitingReplay(sql: Reading): Promise<number | null> {
  const [row] = await sql<{ replay: number }[]>`
    select replay from live.replays where state = 'requested' order by replay limit 1`
  return row?.replay ?? null
}

async function end(
  transaction: Transaction,
  replay: number,
  { state, detail }: { state: string; detail: string },
): Promise<void> {
  await transaction`
    update live.replays set state = ${state}, detail = ${detail}, ended_at = clock_timestamp()
    where replay = ${replay}`
  await announce(transaction, replay, state)
}

async function announce(transaction: Transaction, replay: number, state: string): Promise<void> {
  const payload = JSON.stringify({ replay, state })
  await transaction`
    select pg_notify('ops_changed', ''), live.append_ops('replay', ${payload}::text::jsonb)`
}
