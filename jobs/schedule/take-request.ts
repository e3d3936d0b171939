import type { Sql } from '#db/client.ts'
import type { Fragment, Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/business-day.ts'

/** A request from a page, taken. */
export interface TakenRequest {
  request: number
  job: string
  fromDay: BusinessDay | null
  toDay: BusinessDay | null
  /** How often it was taken: whoever took it later is its owner. */
  attempts: number
}

/** Waiting, or under way in a process whose backend is gone. */
function isOpen(sql: Sql | Transaction): Fragment {
  return sql`(r.state = 'requested' or (r.state = 'running' and not exists (
    select from pg_stat_activity a where a.pid = r.backend_pid and a.backend_start = r.backend_start)))`
}

/** Whether anything waits: for polls, next to free while nothing does. */
export async function isRequestWaiting(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ waits: boolean }[]>`
    select exists (
      select from live.job_requests r where r.state in ('requested', 'running') and ${isOpen(sql)}) as waits`
  return row?.waits ?? false
}

/**
 * Takes the oldest request that waits, and tells the pages. Of several processes one takes it, and holds it as
 * long as its connection lives: behind a process that died, another takes it again.
 * @param sql a client of one connection
 */
export async function takeRequest(sql: Sql): Promise<TakenRequest | null> {
  const taken = await sql.begin(async transaction => {
    const [row] = await transaction<TakenRequest[]>`
      update live.job_requests q
      set state = 'running', started_at = clock_timestamp(), ended_at = null, detail = null,
        attempts = q.attempts + 1, backend_pid = me.pid, backend_start = me.backend_start
      from (select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()) me
      where q.request = (
        select r.request from live.job_requests r
        where r.state in ('requested', 'running') and ${isOpen(transaction)}
        order by r.request limit 1 for update skip locked)
      returning q.request, q.job, q.from_day as "fromDay", q.to_day as "toDay", q.attempts`
    if (row) await announce(transaction, row, { state: 'running', detail: null })
    return row ?? null
  })
  if (taken) await hint(sql)
  return taken
}

/** Writes how a request ended, unless another process has taken it meanwhile. */
export async function endRequest(
  sql: Sql,
  taken: TakenRequest,
  end: { state: 'succeeded' | 'failed'; detail: string },
): Promise<void> {
  await sql.begin(async transaction => {
    const { count } = await transaction`
      update live.job_requests set state = ${end.state}, detail = ${end.detail}, ended_at = clock_timestamp()
      where request = ${taken.request} and state = 'running' and attempts = ${taken.attempts}`
    if (count > 0) await announce(transaction, taken, end)
  })
  await hint(sql)
}

/** The lane is locked until the commit: the last statement of its transaction. */
async function announce(
  transaction: Transaction,
  { request, job, fromDay, toDay }: TakenRequest,
  { state, detail }: { state: string; detail: string | null },
): Promise<void> {
  const payload = { request, job, from: fromDay, to: toDay, state, detail }
  await transaction`select live.append_ops('job_request', ${transaction.json(payload)})`
}

/** After the commit; what nobody hears is found by polling. */
async function hint(sql: Sql): Promise<void> {
  await sql`select pg_notify('ops_changed', '')`.catch(() => {})
}
