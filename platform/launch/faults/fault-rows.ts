import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { FaultFigures, FaultName } from '#domain/fault.ts'
import type { Instant } from '#domain/instant.ts'

/** A process that a fault strikes; null where it is Postgres. */
type Victim = Readonly<{ pid: number; identity: string | null }> | null

/** A freeze that a supervisor has left behind. */
interface LeftFrozen {
  pid: number
  identity: string
}

/** Says that a supervisor lives and what it can do. @returns what somebody asks of it, taken; null where nothing waits */
export async function beat(
  sql: Sql,
  faults: readonly FaultName[],
  { takes }: { takes: boolean },
): Promise<{ fault: number; name: string } | null> {
  const [taken] = await sql<{ fault: number; name: string }[]>`
    with beat as (
      insert into live.supervisor (beat_at, faults)
      values (clock_timestamp(), ${`{${faults.join()}}`}::text::text[])
      on conflict (only_row) do update set beat_at = excluded.beat_at, faults = excluded.faults
    )
    update live.faults set state = 'running' where state = 'requested' and ${takes}::boolean
    returning fault, name`
  return taken ?? null
}

/** Says that no supervisor is there any more. */
export async function leave(sql: Sql): Promise<void> {
  await sql`delete from live.supervisor`
}

/** Ends what an earlier supervisor did not bring to its end. @returns the processes that it may have left frozen */
export async function settleFaults(sql: Sql): Promise<LeftFrozen[]> {
  const left = await sql<{ fault: number; pid: number | null; identity: string | null }[]>`
    update live.faults set state = 'failed', ended_at = clock_timestamp(),
      detail = case when struck_at is null then 'The supervisor ended before it was done.'
        else 'The supervisor ended before it saw what followed.' end
    where state in ('requested', 'running')
    returning fault, case when released_at is null then pid end as pid, process_identity as identity`
  for (const { fault } of left) await sql.begin(transaction => announce(transaction, fault, 'failed'))
  return left.flatMap(({ pid, identity }) => (pid === null || identity === null ? [] : [{ pid, identity }]))
}

/** Written before the signal, so that whoever comes next knows who may stand still. @returns when */
export async function writeStrike(sql: Sql, fault: number, victim: Victim): Promise<Instant> {
  const [row] = await sql<{ at: Instant }[]>`
    update live.faults set struck_at = clock_timestamp(), pid = ${victim?.pid ?? null},
      process_identity = ${victim?.identity ?? null}
    where fault = ${fault} returning struck_at as at`
  if (!row) throw new Error(`fault ${fault} is not there`)
  return row.at
}

/** @returns when, by the database's clock */
export async function writeRelease(sql: Sql, fault: number): Promise<Instant> {
  const [row] = await sql<{ at: Instant }[]>`
    update live.faults set released_at = clock_timestamp() where fault = ${fault} returning released_at as at`
  if (!row) throw new Error(`fault ${fault} is not there`)
  return row.at
}

/** What came of a fault. */
export type FaultEnd =
  | { state: 'recovered'; againAt: Instant; figures: FaultFigures }
  | { state: 'failed'; againAt: Instant | null; detail: string }

export async function writeEnd(sql: Sql, fault: number, end: FaultEnd): Promise<void> {
  const figures = end.state === 'recovered' ? JSON.stringify(end.figures) : null
  await sql.begin(async transaction => {
    await transaction`
      update live.faults set state = ${end.state}, again_at = ${end.againAt}::timestamptz,
        ended_at = clock_timestamp(), figures = ${figures}::text::jsonb,
        detail = ${end.state === 'failed' ? end.detail : null}
      where fault = ${fault}`
    await announce(transaction, fault, end.state)
  })
}

async function announce(transaction: Transaction, fault: number, state: string): Promise<void> {
  const payload = JSON.stringify({ fault, state })
  await transaction`
    select pg_notify('ops_changed', ''), live.append_ops('fault', ${payload}::text::jsonb)`
}
