import type { Sql } from '#db/client.ts'
import type { Reading, Transaction } from '#db/transaction.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { Intake } from '#server/serving/serving.ts'
import type { Actor } from './people.ts'

/** What sends the buyer's events, as the log knows it. */
const SOURCE = 'buyer'
/** The intake takes a thousand at once. */
const MOST_AT_ONCE = 500

type EventFields<Event> = Event extends SentEvent ? Omit<Event, 'source' | 'eventTime'> : never
/** An event of the buyer but for its sender and its time. Its id says what it is of, so that one act is one event. */
export type BuyersEvent = EventFields<SentEvent>

/**
 * Writes down events that an act came to, in the act's transaction: they are sent after it, whatever happens to this
 * process.
 * @param at the time of the act; an event is sent with it however late it is sent
 */
export async function writeEvents(
  transaction: Transaction,
  events: readonly BuyersEvent[],
  { purchaseOrder, by, at }: { purchaseOrder: string | null; by: Actor; at: Instant },
): Promise<void> {
  for (const event of events) {
    const body = { source: SOURCE, eventTime: formatInstant(at), ...event }
    await transaction`
      insert into purchasing.outbox (purchase_order, body, written_by, written_at)
      values (${purchaseOrder}, ${JSON.stringify(body)}::text::jsonb, ${by}, ${at})`
  }
}

/** Tells every open page that something about orders has changed. Last in a transaction: its lock is held until the commit. */
export async function tellOrders(transaction: Transaction, order: string | null): Promise<void> {
  await transaction`
    select pg_notify('ops_changed', ''),
      live.append_ops('purchase_order', ${JSON.stringify({ order })}::text::jsonb)`
}

/** What became of sending; refusals are kept with the events. */
export interface Sending {
  /** Events that wait still, for want of an intake. */
  waiting: number
  /** Why, as a sentence; null when none waits. */
  detail: string | null
}

/**
 * Sends what waits, the oldest first. Several processes may do so at once: what the intake has taken it recognises.
 * @param intake null where none belongs to this process: everything waits
 */
export async function sendWaiting(sql: Sql, intake: Intake | null): Promise<Sending> {
  for (;;) {
    const rows = await sql<{ message: number; body: unknown }[]>`
      select message, body from purchasing.outbox where sent_at is null and refusal is null
      order by message limit ${MOST_AT_ONCE}`
    if (rows.length === 0) return { waiting: 0, detail: null }
    const answer = intake
      ? await intake.send(rows.map(({ body }) => body))
      : { kind: 'away' as const, detail: 'No intake belongs to this process.' }
    if (answer.kind === 'away') return { waiting: rows.length, detail: answer.detail }
    const refused = new Map(answer.rejected.map(({ index, detail }) => [index, detail]))
    const messages = rows.map(({ message }) => message)
    const refusals = rows.map((_, index) => refused.get(index) ?? null)
    await sql`
      update purchasing.outbox o
      set sent_at = case when given.refusal is null then clock_timestamp() end, refusal = given.refusal
      from unnest(${messages}::bigint[], ${refusals}::text[]) given(message, refusal)
      where o.message = given.message and o.sent_at is null`
    if (rows.length < MOST_AT_ONCE) return { waiting: 0, detail: null }
  }
}

/** The database's clock: events bear its time, whichever machine serves pages. */
export async function databaseNow(reading: Reading): Promise<Instant> {
  const [row] = await reading<{ now: Instant }[]>`select clock_timestamp() as now`
  return row?.now ?? Date.now()
}
