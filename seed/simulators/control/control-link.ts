import type { Sql } from '#db/client.ts'
import { isScenarioName } from '#domain/scenario.ts'
import type { Report, Request, RequestDesk } from '#seed/simulators/scheduled-scripts.ts'
import { beat, requestRun, settleAbandoned, writeReport } from './scenario-runs.ts'

/**
 * Between the simulators and the database: brings what people ask for, takes back what became of it. While the
 * database is away the shops go on, and reports wait.
 */
export interface ControlLink extends RequestDesk {
  /**
   * One exchange with the database; to be called about every two seconds.
   * @param sql a client of one connection: a lock of its session says whose simulators answer
   * @throws the database's error
   */
  exchange(sql: Sql, status: Status): Promise<void>
  /** What became of the scenario that was asked for with the command itself, once it is over. */
  readonly ownOver: Promise<Report>
}

export interface Status {
  playing: string
  speed: number
  /** Events in senders' outboxes. */
  waiting: number
}

/** One set of simulators answers what is asked in a database: an advisory lock of its connection says which. */
const LOCK = [7_412, 1] as const

/** Its number before the database gives it one: it plays without. */
const OWN = 0

/** @param own what the command itself asked for */
export function createControlLink(own: Omit<Request, 'run'> | null): ControlLink {
  const ownOver = Promise.withResolvers<Report>()
  let ownRow: number | null = null
  const known = new Set<number>()
  const stopping = new Set<number>()
  const reports = new Map<number, Report>()
  let arrived: Request[] = own ? [{ run: OWN, ...own }] : []
  let isSettled = false

  async function isOurs(sql: Sql): Promise<boolean> {
    const [row] = await sql<{ held: boolean }[]>`
      select exists (
        select from pg_locks where locktype = 'advisory' and classid = ${LOCK[0]} and objid = ${LOCK[1]}
          and pid = pg_backend_pid()
          and database = (select oid from pg_database where datname = current_database())
      ) or pg_try_advisory_lock(${LOCK[0]}, ${LOCK[1]}) as held`
    return row?.held === true
  }

  async function writeReports(sql: Sql): Promise<void> {
    for (const [run, report] of [...reports]) {
      await writeReport(sql, run === OWN && ownRow !== null ? ownRow : run, report)
      // A newer one may have come while this was written.
      if (reports.get(run) === report) reports.delete(run)
    }
  }

  function report(run: number, told: Report): void {
    reports.set(run, told)
    if (run === OWN && (told.state === 'ended' || told.state === 'failed')) ownOver.resolve(told)
  }

  return {
    ownOver: ownOver.promise,
    async exchange(sql, status) {
      if (!(await isOurs(sql))) return
      if (!isSettled) await settleAbandoned(sql)
      isSettled = true
      if (own && ownRow === null) {
        ownRow = await requestRun(sql, own.scenario, own.minutes)
        known.add(ownRow)
      }
      for (const { run, scenario, state, minutes } of await beat(sql, status)) {
        if (state === 'stopping') {
          stopping.add(run)
          if (!known.has(run)) report(run, { state: 'ended', detail: 'Stopped before it began.' })
        } else if (!known.has(run)) {
          known.add(run)
          if (isScenarioName(scenario)) arrived.push({ run, scenario, minutes })
          else report(run, { state: 'failed', detail: `There is no scenario "${scenario}".` })
        }
      }
      await writeReports(sql)
    },
    take() {
      const taken = arrived
      arrived = []
      return taken
    },
    isStopping: run => stopping.has(run === OWN && ownRow !== null ? ownRow : run),
    report,
  }
}
