import {
  ALL_STRANGERS,
  type Failures,
  FORGIVEN_MS,
  type GuessStore,
  KNOWN_MS,
} from '#platform/http/guess-brake.ts'
import type { Sql } from './client.ts'

/** The doors that ask for a secret: the dashboard for its password, the intake for its key. */
type Door = 'password' | 'key'

/** Guesses as all processes count them, in `live.guesses`. */
export function createGuessStore(sql: Sql, door: Door): GuessStore {
  return {
    async load(limit) {
      const failures = await sql<{ sender: string; count: number; at: number }[]>`
        select sender, failures as count, failed_at as at from live.guesses
        where door = ${door} and failed_at > now() - interval '1 day'
        order by sender = ${ALL_STRANGERS} desc, failed_at desc limit ${limit}`
      const known = await sql<{ sender: string; at: number }[]>`
        select sender, known_at as at from live.guesses
        where door = ${door} and known_at > now() - make_interval(secs => ${KNOWN_MS / 1_000})
        order by known_at desc limit ${limit}`
      return {
        failures: new Map(failures.reverse().map(({ sender, count, at }) => [sender, { count, at }])),
        known: new Map(known.reverse().map(({ sender, at }) => [sender, at])),
      }
    },

    async addFailure(senders) {
      // In one order everywhere, so that two processes never wait for each other's rows.
      const counted = await sql<({ sender: string } & Failures)[]>`
        with silent as (
          delete from live.guesses
          where door = ${door} and sender <> all(${[...senders]})
            and greatest(failed_at, known_at) < now() - make_interval(secs => ${KNOWN_MS / 1_000}))
        insert into live.guesses as before (door, sender, failures, failed_at)
        select ${door}, sender, 1, clock_timestamp() from unnest(${[...senders].sort()}::text[]) as sender
        on conflict (door, sender) do update set
          failures = 1 + greatest(0, before.failures - extract(epoch from
            greatest(excluded.failed_at - before.failed_at, interval '0')) * 1000 / ${FORGIVEN_MS}),
          failed_at = excluded.failed_at
        returning sender, failures as count, failed_at as at`
      return new Map(counted.map(({ sender, count, at }) => [sender, { count, at }]))
    },

    async remember(sender) {
      await sql`
        insert into live.guesses (door, sender, known_at) values (${door}, ${sender}, clock_timestamp())
        on conflict (door, sender) do update set known_at = excluded.known_at`
    },
  }
}
