import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import type { DayRange } from '#domain/calendar.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { ProgramFailedError, startProgram } from '#platform/process.ts'
import { auditReDerived } from '#server/serving/reconcile/re-derive.ts'
import { reconcile } from '#server/serving/reconcile/reconcile.ts'
import { findZReports } from '#server/serving/reconcile/z-reports.ts'
import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { SEEDED_UNTIL, worldArguments } from './seed.ts'
import { processorSeconds } from './system/process-table.ts'
import { onBenchPostgres } from './system/system.ts'

const benchmark = 'audit'
/** Of one core, over the demo's 60 days. */
const MOST_SECONDS = 20

/**
 * What the hourly audit costs over a whole history: every witness, on one connection, so that one core does it all; and
 * of it the fourth witness alone.
 */
export async function audit({ world }: BenchOptions): Promise<Figure[]> {
  return onBenchPostgres(async ({ url, sql, settings }) => {
    const { code, output } = await startProgram({
      entry: 'seed/seeder/main.ts',
      args: ['--json', '--until', SEEDED_UNTIL, ...worldArguments(world)],
      settings,
    }).ended
    if (code !== 0) throw new ProgramFailedError(`the seeder ended with code ${code}:\n${output}`)
    const { range, events } = await historyOf(sql)
    const scope = { ...range, stores: [] }
    return withConnection(url, { max: 1, applicationName: 'bench audit' }, async reader => {
      const count = `${events.toLocaleString('en')} events`
      const [backend] = await reader<{ pid: number }[]>`select pg_backend_pid() as pid`
      const timed = <Answer>(work: () => Promise<Answer>) => timedOn(backend?.pid ?? 0, work)
      const figures = await timed(() => reconcile(reader, { ...scope, depth: 'figures' }))
      const rows = await timed(() => reconcile(reader, scope))
      const derived = await timed(() => auditReDerived(reader, scope))
      const tills = await timed(() => findZReports(reader, scope))
      if (rows.answer.findings.length > 0 || rows.answer.unexplained > 0) {
        throw new Error(
          `the seeded history is not explained: ${JSON.stringify(rows.answer.findings.slice(0, 3))}`,
        )
      }
      return [
        {
          benchmark,
          name: `every row audited, ${count}`,
          value: rows.seconds,
          unit: 'processor s',
          target: { atMost: MOST_SECONDS },
        },
        {
          benchmark,
          name: 'of it every event derived anew and its body rebuilt',
          value: derived.seconds,
          unit: 'processor s',
        },
        { benchmark, name: 'of it Z reports against the log', value: tills.seconds, unit: 'processor s' },
        {
          benchmark,
          name: 'figures and checksums alone, with Z reports',
          value: figures.seconds,
          unit: 'processor s',
        },
      ]
    })
  })
}

async function historyOf(sql: Sql): Promise<{ range: DayRange; events: number }> {
  const [row] = await sql<(DayRange & { events: number })[]>`
    select min(business_day) as "from", max(business_day) as "to", count(*) as events from log.event_log`
  if (!row) throw new Error('nothing was seeded')
  return { range: { from: row.from, to: row.to }, events: row.events }
}

/**
 * Processor seconds of the one backend and of this process, so that what else the machine does counts little; elapsed
 * seconds where nobody tells them (not Linux).
 */
async function timedOn<Answer>(
  backend: number,
  work: () => Promise<Answer>,
): Promise<{ answer: Answer; seconds: number }> {
  const used = () => processorSeconds({ pid: backend, withChildren: false })
  const [before, own, began] = [used(), process.cpuUsage(), performance.now()]
  const answer = await work()
  const after = used()
  const { user, system } = process.cpuUsage(own)
  const seconds =
    before === null || after === null
      ? (performance.now() - began) / SECOND_MS
      : after - before + (user + system) / 1_000_000
  return { answer, seconds }
}
