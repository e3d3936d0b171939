import { hostname } from 'node:os'
import { schedule as scheduleCron } from 'node-cron'
import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import { keepMeter } from '#db/meter.ts'
import type { Instant } from '#domain/instant.ts'
import { abandonDeadRuns, connectForRuns } from '#jobs/ledger/claims.ts'
import { beginTick, failTick, succeedTick } from '#jobs/ledger/ticks.ts'
import { messageOf } from '#platform/command.ts'
import { CostMeter } from '#platform/cost-meter.ts'
import { backoffMs, pause, startPeriodic } from '#platform/time.ts'

/*
 * Invariant: a schedule only says when to look. What there is to do follows from the log, the ledger and the drop
 * folder, so what was missed while nobody ran is made up for, and two schedulers do nothing twice.
 *
 *   start ──────┐
 *   cron tick ──┼─> queue (each task once) ─> one task at a time ─> again later, with growing patience, if it failed
 *   isWaiting ──┘
 */

/** Something the schedule does when its time has come, or when it is waited for. */
export interface ScheduledTask {
  /** For the log. */
  name: string
  /** Cron expression in UTC: when to look. A task looks also at the start, for what was missed. */
  schedule?: string
  /** Asked every two seconds; true asks for a run. To cost next to nothing. */
  isWaiting?(sql: Sql): Promise<boolean>
  /** Throws when the database is away, or something unforeseen happened: it is tried again, with growing patience. */
  run(context: TaskContext): Promise<void>
}

export interface TaskContext {
  databaseUrl: string
  /** A client of one connection, for claims. */
  runs: Sql
  logger: Logger
  signal: AbortSignal
  /** Keeps what jobs cost. */
  meter: CostMeter
}

const POLL_EVERY_MS = 2_000
/** The readiness check calls the schedule dead after half a minute. */
const BEAT_EVERY_MS = 10_000
const PATIENCE = { firstMs: 1_000, longestMs: 60_000 }

/**
 * Runs every task once at the start, at every tick of its schedule, and when it is waited for, until the signal aborts.
 * @param options `tick` is the batch path's own task, of which the heartbeat says when it looks next; of one moment the
 *   others come before it, so that its figures have what they load
 */
export async function runSchedule(options: {
  databaseUrl: string
  tick: ScheduledTask & { schedule: string }
  others: readonly ScheduledTask[]
  logger: Logger
  signal: AbortSignal
}): Promise<void> {
  const { databaseUrl, tick, others, logger, signal } = options
  const tasks: readonly ScheduledTask[] = [...others, tick]
  const runs = connectForRuns(databaseUrl)
  const watch = connect(databaseUrl, { max: 1, applicationName: 'tillstream jobs heartbeat' })
  const queue = createTaskQueue<ScheduledTask>()
  const meter = new CostMeter()
  const crons = tasks.flatMap(task => {
    if (task.schedule === undefined) return []
    const add = () => queue.add(task)
    add()
    return [
      { task, cron: scheduleCron(task.schedule, add, { timezone: 'UTC', suppressMissedWarning: true }) },
    ]
  })
  const nextTicks = () =>
    crons
      .find(({ task }) => task === tick)
      ?.cron.getNextRuns(2)
      .map(next => next.getTime()) ?? []
  const runTask = async (task: ScheduledTask) => {
    const context = { databaseUrl, runs, logger, signal, meter }
    if (task !== tick) return task.run(context)
    try {
      await beginTick(watch)
      await task.run(context)
      await succeedTick(watch, nextTicks())
    } catch (error) {
      signal.throwIfAborted()
      await failTick(watch, messageOf(error)).catch((err: unknown) =>
        logger.warn({ err }, 'that the tick failed could not be written into the ledger'),
      )
      throw error
    }
  }
  const onFailure = (err: unknown) => logger.debug({ err }, 'no look: the database does not answer')
  const loops = [
    keepMeter(meter, {
      sql: watch,
      path: 'batch',
      process: `jobs ${hostname()}:${process.pid}`,
      onFailure: err => logger.warn({ err }, 'what this process costs is not written down for now'),
    }),
    startPeriodic(() => beat(watch, nextTicks()[0] ?? Date.now()), { everyMs: BEAT_EVERY_MS, onFailure }),
    startPeriodic(
      async () => {
        for (const task of tasks) if (await task.isWaiting?.(watch)) queue.add(task)
      },
      { everyMs: POLL_EVERY_MS, onFailure },
    ),
  ]
  try {
    for (let failures = 0; ; ) {
      const task = await queue.next(signal)
      try {
        await runTask(task)
        failures = 0
      } catch (err) {
        signal.throwIfAborted()
        failures += 1
        const waitMs = backoffMs(failures, PATIENCE)
        logger.error(
          { err, waitMs },
          `${task.name} could not run; next try in ${(waitMs / 1_000).toFixed(1)} s`,
        )
        await pause(waitMs, signal)
        queue.add(task)
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await Promise.all(crons.map(({ cron }) => cron.destroy()))
    await Promise.all(loops.map(loop => loop.stop()))
    await Promise.all([runs.end({ timeout: 1 }), watch.end({ timeout: 1 })])
  }
}

/** Says that the schedule lives and when it looks for work next; and of runs whose process does not, that they ended. */
async function beat(sql: Sql, nextTickAt: Instant): Promise<void> {
  await sql`
    insert into batch.heartbeat (beat_at, next_tick_at) values (clock_timestamp(), ${nextTickAt})
    on conflict (only_row) do update set beat_at = excluded.beat_at, next_tick_at = excluded.next_tick_at`
  await abandonDeadRuns(sql)
}

/**
 * What is to be done, in the order in which it was added: one thing at a time. However often something was added while
 * it waited or was under way, it comes once more: it then sees everything that the others would have seen.
 */
export interface TaskQueue<Task> {
  add(task: Task): void
  /** Resolves with what is next, at once if something waits. Rejects when the signal aborts. */
  next(signal: AbortSignal): Promise<Task>
}

export function createTaskQueue<Task>(): TaskQueue<Task> {
  const waiting = new Set<Task>()
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
    add(task) {
      waiting.add(task)
      wake?.()
    },
    async next(signal) {
      signal.throwIfAborted()
      if (waiting.size === 0) await wait(signal)
      for (const task of waiting) {
        waiting.delete(task)
        return task
      }
      throw new Error('woken with nothing to do')
    },
  }
}
