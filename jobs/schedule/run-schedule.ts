import { setTimeout as sleep } from 'node:timers/promises'
import { schedule as scheduleCron } from 'node-cron'
import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import { connectForRuns } from '#jobs/execute/batch-client.ts'
import { type RunSummary, runWanted } from '#jobs/execute/run-wanted.ts'
import { BEAT_EVERY_MS, beat } from './heartbeat.ts'
import { createTickGate } from './tick-gate.ts'

/** Something to do after a tick that changed figures, such as reconciling them. Its errors are logged. */
export type FollowUp = (tick: {
  databaseUrl: string
  /** A client of one connection, for claims. */
  runs: Sql
  /** Business days whose figures were written, oldest first. */
  changedDays: readonly string[]
  logger: Logger
}) => Promise<void>

export interface ScheduleOptions {
  databaseUrl: string
  /** Cron expression in UTC. */
  schedule: string
  followUps: readonly FollowUp[]
  logger: Logger
  signal: AbortSignal
}

const LONGEST_WAIT_MS = 60_000

/**
 * Plans and runs what is due: once at the start and at every tick of the schedule, until the signal aborts.
 * The schedule only says when to look; what should run follows from the log and the ledger, so a tick that
 * was missed is made up for by the next. When the database is away it tries again with growing patience.
 */
export async function runSchedule(options: ScheduleOptions): Promise<void> {
  const { databaseUrl, schedule, logger, signal } = options
  const runs = connectForRuns(databaseUrl)
  const beats = connect(databaseUrl, { max: 1, applicationName: 'tillstream jobs heartbeat' })
  const gate = createTickGate()
  const cron = scheduleCron(schedule, () => gate.ask(), { timezone: 'UTC', suppressMissedWarning: true })
  let beating = Promise.resolve()
  const sayAlive = () => {
    beating = beat(beats, cron.getNextRun()?.getTime() ?? Date.now()).catch((err: unknown) => {
      logger.debug({ err }, 'no heartbeat: the database does not answer')
    })
  }
  const timer = setInterval(sayAlive, BEAT_EVERY_MS)
  sayAlive()
  gate.ask()
  try {
    for (let failures = 0; ; ) {
      await gate.next(signal)
      try {
        await tick({ ...options, runs })
        failures = 0
        sayAlive()
      } catch (err) {
        signal.throwIfAborted()
        failures += 1
        const waitMs = Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** (failures - 1))
        logger.error({ err, waitMs }, `the batch path could not run; next try in ${waitMs / 1_000} s`)
        await sleep(waitMs, undefined, { signal })
        gate.ask()
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    clearInterval(timer)
    await cron.destroy()
    await beating
    await Promise.all([runs.end({ timeout: 1 }), beats.end({ timeout: 1 })])
  }
}

async function tick({
  databaseUrl,
  runs,
  followUps,
  logger,
  signal,
}: ScheduleOptions & { runs: Sql }): Promise<void> {
  const summary = await runWanted(runs, {
    wanted: { kind: 'due' },
    trigger: 'schedule',
    now: Date.now,
    signal,
    onSet: ({ report, succeeded, failed, taken }, { elapsedMs }) => {
      const job = report.name
      const counts = { runs: succeeded.length, failed: failed.length, taken: taken.length }
      logger.info({ job, ...counts, elapsedMs: Math.round(elapsedMs) }, `${job}: ${succeeded.length} runs`)
      for (const { slot, error } of failed) {
        const { store, period } = slot
        logger.error({ job, store, period, error }, `${job} of ${store}, ${period} failed: ${error}`)
      }
    },
    onRetry: (job, err, attempt) =>
      logger.warn({ err, job, attempt }, `${job}: attempt ${attempt} failed, trying again`),
  })
  for (const store of summary.unknownStores) {
    logger.error(
      { store },
      `store ${store} has events but is not known: add it with 'npm run stores -- add FILE'`,
    )
  }
  const changedDays = daysOf(summary)
  if (changedDays.length === 0) return
  for (const followUp of followUps) {
    // The figures stand whatever becomes of what follows; that has its own entry in the ledger.
    await followUp({ databaseUrl, runs, changedDays, logger }).catch((err: unknown) =>
      logger.error({ err }, 'what follows a tick failed'),
    )
  }
}

/** The business days whose figures a tick has written, oldest first. */
function daysOf({ sets }: RunSummary): string[] {
  const daily = sets.filter(set => set.report.grain === 'day')
  return [...new Set(daily.flatMap(set => set.succeeded.map(({ slot }) => slot.period)))].sort()
}
