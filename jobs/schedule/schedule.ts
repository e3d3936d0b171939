import { setTimeout as sleep } from 'node:timers/promises'
import { type ScheduledTask, schedule as scheduleCron } from 'node-cron'
import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { abandonDeadRuns, connectForRuns } from '#jobs/ledger/claims.ts'

/** What the schedule does, one thing at a time. */
export interface Duty {
  /** For the log. */
  name: string
  /** Cron expression in UTC: when to look. A duty looks also at the start, for what was missed. */
  schedule?: string
  /** Asked every two seconds; true asks for a turn. To cost next to nothing. */
  isWaiting?(sql: Sql): Promise<boolean>
  /** Throws when the database is away, or something unforeseen happened: it is tried again, with growing patience. */
  run(turn: Turn): Promise<void>
}

export interface Turn {
  databaseUrl: string
  /** A client of one connection, for claims. */
  runs: Sql
  logger: Logger
  signal: AbortSignal
}

interface ScheduleOptions {
  databaseUrl: string
  /** The batch path's own duty: the heartbeat says when it looks next. */
  tick: Duty & { schedule: string }
  /** Of one moment they come before the tick, so that its figures have what they load. */
  others: readonly Duty[]
  logger: Logger
  signal: AbortSignal
}

const POLL_EVERY_MS = 2_000
const LONGEST_WAIT_MS = 60_000

/**
 * Gives every duty its turn: once at the start, at every tick of its schedule, and when it is waited for, until the
 * signal aborts. A schedule only says when to look; what there is to do follows from the log, the ledger and the
 * drop folder, so what was missed while nobody ran is made up for. When the database is away it tries again with
 * growing patience.
 */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { databaseUrl, tick, others, logger, signal } = options
  const duties: readonly Duty[] = [...others, tick]
  const runs = connectForRuns(databaseUrl)
  const watch = connect(databaseUrl, { max: 1, applicationName: 'tillstream jobs heartbeat' })
  const agenda = createAgenda<Duty>()
  const crons = new Map<Duty, ScheduledTask>()
  for (const duty of duties) {
    if (duty.schedule === undefined) continue
    const ask = () => agenda.ask(duty)
    crons.set(duty, scheduleCron(duty.schedule, ask, { timezone: 'UTC', suppressMissedWarning: true }))
    ask()
  }
  const timers = [
    startWatching(BEAT_EVERY_MS, logger, async () => {
      await beat(watch, crons.get(tick)?.getNextRun()?.getTime() ?? Date.now())
      await abandonDeadRuns(watch)
    }),
    startWatching(POLL_EVERY_MS, logger, async () => {
      for (const duty of duties) if (await duty.isWaiting?.(watch)) agenda.ask(duty)
    }),
  ]
  try {
    for (let failures = 0; ; ) {
      const duty = await agenda.next(signal)
      try {
        await duty.run({ databaseUrl, runs, logger, signal })
        failures = 0
      } catch (err) {
        signal.throwIfAborted()
        failures += 1
        const waitMs = Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** (failures - 1))
        logger.error({ err, waitMs }, `${duty.name} could not run; next try in ${waitMs / 1_000} s`)
        await sleep(waitMs, undefined, { signal })
        agenda.ask(duty)
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    for (const timer of timers) timer.stop()
    await Promise.all([...crons.values()].map(cron => cron.destroy()))
    await Promise.all(timers.map(timer => timer.ended()))
    await Promise.all([runs.end({ timeout: 1 }), watch.end({ timeout: 1 })])
  }
}

/** Looks at once and then again and again, never twice at a time. */
function startWatching(everyMs: number, logger: Logger, look: () => Promise<void>) {
  let looking: Promise<void> | null = null
  const lookOnce = () => {
    looking ??= look()
      .catch((err: unknown) => {
        logger.debug({ err }, 'no look: the database does not answer')
      })
      .finally(() => {
        looking = null
      })
  }
  const timer = setInterval(lookOnce, everyMs)
  lookOnce()
  return {
    stop: () => clearInterval(timer),
    ended: async () => {
      await looking
    },
  }
}

/**
 * What is asked for, in the order in which it was: one thing at a time. However often something was asked for
 * while it waited or was under way, it comes once more: it then sees everything that the others would have seen.
 */
interface Agenda<Item> {
  ask(item: Item): void
  /** Resolves with what is next, at once if something waits. Rejects when the signal aborts. */
  next(signal: AbortSignal): Promise<Item>
}

export function createAgenda<Item>(): Agenda<Item> {
  const asked = new Set<Item>()
  let wake: (() => void) | null = null

  async function wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const abort = () => reject(signal.reason)
    wake = resolve
    signal.addEventListener('abort', abort, { once: true })
    try {
      await promise
    } finally {
      wake = null
      signal.removeEventListener('abort', abort)
    }
  }

  return {
    ask(item) {
      asked.add(item)
      wake?.()
    },
    async next(signal) {
      signal.throwIfAborted()
      if (asked.size === 0) await wait(signal)
      for (const item of asked) {
        asked.delete(item)
        return item
      }
      throw new Error('woken with nothing asked for')
    },
  }
}

/** The readiness check calls the schedule dead after a minute. */
const BEAT_EVERY_MS = 10_000

/** Says that the schedule lives, and when it looks for work next. */
async function beat(sql: Sql, nextTickAt: Instant): Promise<void> {
  await sql`
    insert into batch.heartbeat (beat_at, next_tick_at) values (clock_timestamp(), ${nextTickAt})
    on conflict (only_row) do update set beat_at = excluded.beat_at, next_tick_at = excluded.next_tick_at`
}
