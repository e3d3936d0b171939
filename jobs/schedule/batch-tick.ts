import type { BusinessDay } from '#domain/calendar.ts'
import { OTHER_JOBS } from '#domain/reports.ts'
import { AlreadyRunningError, type OtherJob, runOtherJob } from '#jobs/ledger/other-jobs.ts'
import { type RunSummary, runWanted } from '#jobs/run/run-wanted.ts'
import { messageOf } from '#platform/command.ts'
import type { ScheduledTask, TaskContext } from './schedule.ts'

/** Something to do after a tick that changed figures, such as reconciling them. Its errors are logged. */
export type FollowUp = (
  tick: Omit<TaskContext, 'signal'> & {
    /** Business days whose figures were written, oldest first. */
    changedDays: readonly BusinessDay[]
  },
) => Promise<void>

/**
 * The batch path's tick: plans and runs what is due. The figures wait for nothing that is done around them, and stand
 * whatever becomes of it: that has its own entry in the ledger.
 */
export function batchTick({
  schedule,
  before = [],
  followUps = [],
  after = [],
}: {
  /** Cron expression in UTC. */
  schedule: string
  /** Done first: what it loads is in this tick's figures. */
  before?: readonly ScheduledTask[]
  followUps?: readonly FollowUp[]
  after?: readonly ScheduledTask[]
}): ScheduledTask & { schedule: string } {
  return {
    name: 'the batch path',
    schedule,
    async run(context) {
      for (const task of before) await unlessFails(context, task.name, () => task.run(context))
      const changedDays = daysOf(await runDue(context))
      if (changedDays.length > 0) {
        for (const followUp of followUps) {
          await unlessFails(context, 'what follows a tick', () => followUp({ ...context, changedDays }))
        }
      }
      for (const task of after) await unlessFails(context, task.name, () => task.run(context))
    },
  }
}

async function unlessFails(
  { signal, logger }: TaskContext,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work()
  } catch (err) {
    signal.throwIfAborted()
    logger.error({ err }, `${name} failed: ${messageOf(err)}`)
  }
}

async function runDue({ runs, logger, signal, meter }: TaskContext): Promise<RunSummary> {
  const summary = await runWanted(runs, {
    wanted: { kind: 'due' },
    trigger: 'schedule',
    now: Date.now,
    signal,
    meter,
    onSet: ({ report, succeeded, failed, taken }, { elapsedMs }) => {
      const job = report.name
      const counts = { runs: succeeded.length, failed: failed.length, taken: taken.length }
      logger.info({ job, ...counts, elapsedMs: Math.round(elapsedMs) }, `${job}: ${succeeded.length} runs`)
      for (const { slot, error } of failed) {
        const { store, period } = slot
        logger.error({ job, store, period, error }, `${job} of ${store}, ${period} failed: ${error}`)
      }
    },
    onSetAside: (job, poison) =>
      logger.error(
        { job, ...poison },
        `${job} goes on without offset ${poison.offset} of partition ${poison.partition} (${poison.store}): ${poison.reason}`,
      ),
    onRetry: (job, err, attempt) =>
      logger.warn({ err, job, attempt }, `${job}: attempt ${attempt} failed, trying again`),
  })
  for (const { store, error } of summary.failures) {
    logger.error({ store, error }, `nothing can be planned of store ${store}: ${error}`)
  }
  for (const store of summary.unknownStores) {
    logger.error(
      { store },
      `store ${store} has events but is not known: add it with 'npm run stores -- add FILE'`,
    )
  }
  return summary
}

/** The business days whose figures a tick has written, oldest first. */
function daysOf({ sets }: RunSummary): BusinessDay[] {
  const daily = sets.filter(set => set.report.grain === 'day')
  return [...new Set(daily.flatMap(set => set.succeeded.map(({ slot }) => slot.period)))].sort()
}

/** A job that fills no report as a task: runs, with its entry in the ledger, when there is something to do. */
export function whenReady(job: OtherJob, schedule?: string): ScheduledTask {
  const reason = OTHER_JOBS.find(({ name }) => name === job.name)?.runs ?? ''
  return {
    name: job.name,
    ...(schedule !== undefined && { schedule }),
    async run(context) {
      const { runs, logger } = context
      if (job.isReady && !(await job.isReady(runs))) return
      await unlessRunning(async () => {
        const ask = { job, range: null, trigger: 'schedule', reason } as const
        const { detail } = await runOtherJob(runs, ask, context)
        logger.info({ job: job.name }, `${job.name}: ${detail}`)
      })
    },
  }
}

/** Another scheduler may be at the same: then it is being done. */
export async function unlessRunning(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof AlreadyRunningError)) throw error
  }
}
