import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import { OTHER_JOBS } from '#domain/reports.ts'
import { runRecorded } from '#jobs/command/run-job.ts'
import { AlreadyRunningError, type OtherJob } from '#jobs/ledger/other-jobs.ts'
import { type RunSummary, runWanted } from '#jobs/run/run-wanted.ts'
import type { Duty, Turn } from './schedule.ts'

/** Something to do after a tick that changed figures, such as reconciling them. Its errors are logged. */
export type FollowUp = (tick: {
  databaseUrl: string
  /** A client of one connection, for claims. */
  runs: Sql
  /** Business days whose figures were written, oldest first. */
  changedDays: readonly string[]
  logger: Logger
}) => Promise<void>

/** The batch path's tick: plans and runs what is due. */
export function batchTick({
  schedule,
  before = [],
  followUps = [],
  after = [],
}: {
  /** Cron expression in UTC. */
  schedule: string
  /** Done first: what it loads is in this tick's figures. */
  before?: readonly Duty[]
  followUps?: readonly FollowUp[]
  after?: readonly Duty[]
}): Duty & { schedule: string } {
  return {
    name: 'the batch path',
    schedule,
    async run(turn) {
      for (const duty of before) await runBeside(duty, turn)
      const changedDays = daysOf(await runDue(turn))
      if (changedDays.length > 0) await follow(followUps, { ...turn, changedDays })
      for (const duty of after) await runBeside(duty, turn)
    },
  }
}

/** The figures must not wait for what is done beside them; that has its own entry in the ledger. */
async function runBeside(duty: Duty, turn: Turn): Promise<void> {
  try {
    await duty.run(turn)
  } catch (err) {
    turn.signal.throwIfAborted()
    turn.logger.error({ err }, `${duty.name} failed: ${err instanceof Error ? err.message : String(err)}`)
  }
}

async function runDue({ runs, logger, signal }: Turn): Promise<RunSummary> {
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
  return summary
}

async function follow(
  followUps: readonly FollowUp[],
  tick: Turn & { changedDays: readonly string[] },
): Promise<void> {
  for (const followUp of followUps) {
    // The figures stand whatever becomes of what follows; that has its own entry in the ledger.
    await followUp(tick).catch((err: unknown) => tick.logger.error({ err }, 'what follows a tick failed'))
  }
}

/** The business days whose figures a tick has written, oldest first. */
function daysOf({ sets }: RunSummary): string[] {
  const daily = sets.filter(set => set.report.grain === 'day')
  return [...new Set(daily.flatMap(set => set.succeeded.map(({ slot }) => slot.period)))].sort()
}

/** A job as a duty: runs, with its entry in the ledger, when there is something to do. */
export function whenReady(job: OtherJob, schedule?: string): Duty {
  const reason = OTHER_JOBS.find(({ name }) => name === job.name)?.runs ?? 'when due'
  return {
    name: job.name,
    ...(schedule !== undefined && { schedule }),
    async run({ databaseUrl, runs, logger }) {
      if (job.isReady && !(await job.isReady(runs))) return
      try {
        const run = { other: job, range: null, trigger: 'schedule', reason } as const
        const { detail } = await runRecorded(runs, run, { databaseUrl, logger })
        logger.info({ job: job.name }, `${job.name}: ${detail}`)
      } catch (error) {
        // Another scheduler is at it.
        if (!(error instanceof AlreadyRunningError)) throw error
      }
    },
  }
}
