import { readDemoSpeed, setDemoSpeed } from '#db/demo-speed.ts'
import { DEMO_SPEEDS } from '#domain/demo-speed.ts'
import type { Instant } from '#domain/instant.ts'
import { isScenarioName, SCENARIOS, type Scenario } from '#domain/scenario.ts'
import { RefusedError } from '#server/serving/failures.ts'
import type { Serving } from '#server/serving/serving.ts'

export interface ScenarioRun {
  run: number
  scenario: string
  title: string
  state: 'requested' | 'running' | 'stopping' | 'ended' | 'failed'
  /** What it did, or why it could not. */
  detail: string | null
  requestedAt: Instant
  startedAt: Instant | null
  /** When it will end by itself. */
  endsAt: Instant | null
  endedAt: Instant | null
}

export interface ScenarioBoard {
  now: Instant
  scenarios: readonly Scenario[]
  /** Newest first. */
  runs: ScenarioRun[]
  /** Null where none ever ran. */
  simulators: { beatAt: Instant; isAlive: boolean; scenario: string; speed: number; waiting: number } | null
  /** How many times faster than their history the shops are to trade, and what it can be set to. */
  speed: { wanted: number; choices: typeof DEMO_SPEEDS }
}

/** They say that they live every two seconds. */
export const SIMULATORS_SILENT_MS = 10_000
const SHOWN_RUNS = 20

/** What can be played, what plays, and what was played. */
export async function readScenarios({ sql }: Pick<Serving, 'sql'>): Promise<ScenarioBoard> {
  const [runs, [state], wanted] = await Promise.all([
    sql<Omit<ScenarioRun, 'title'>[]>`
      select run, scenario, state, detail, requested_at as "requestedAt", started_at as "startedAt",
        ends_at as "endsAt", ended_at as "endedAt"
      from live.scenario_runs order by run desc limit ${SHOWN_RUNS}`,
    sql<{ now: Instant; beatAt: Instant | null; scenario: string | null; speed: number; waiting: number }[]>`
      select clock_timestamp() as now, beat_at as "beatAt", scenario, speed::float8 as speed, waiting
      from (values (1)) one left join live.simulator_heartbeat on true`,
    readDemoSpeed(sql),
  ])
  if (!state) throw new Error('the state of the simulators came back empty')
  const { now, beatAt, scenario, speed, waiting } = state
  return {
    now,
    scenarios: SCENARIOS,
    speed: { wanted, choices: DEMO_SPEEDS },
    runs: runs.map(run => ({ ...run, title: titleOf(run.scenario) })),
    simulators:
      beatAt === null
        ? null
        : { beatAt, isAlive: now - beatAt < SIMULATORS_SILENT_MS, scenario: scenario ?? '', speed, waiting },
  }
}

/**
 * Has the simulated shops trade faster, or as their history did.
 * @throws RefusedError when no simulators run: nothing would come of it
 */
export async function setSpeed(
  { sql }: Pick<Serving, 'sql'>,
  { speed, by }: { speed: number; by: string | null },
): Promise<void> {
  const { simulators } = await readScenarios({ sql })
  if (!simulators?.isAlive)
    throw new RefusedError('No simulators run: start them with npm run simulate, then set their speed.')
  await setDemoSpeed(sql, { speed, by: by ?? 'the dashboard' })
}

/**
 * Asks the simulators to play a scenario, beside what plays already; the ordinary day ends the others. One at a
 * time of each: a second would only wait for the first.
 * @param request minutes null: as long as it usually takes
 * @returns the number of the run
 * @throws RefusedError when no simulators run, or it plays already
 */
export async function startScenario(
  { sql }: Pick<Serving, 'sql'>,
  { scenario: name, minutes }: { scenario: string; minutes: number | null },
): Promise<number> {
  if (!isScenarioName(name)) {
    throw new RefusedError(`There is no scenario ${JSON.stringify(name)}: choose one of the list.`)
  }
  return sql.begin(async transaction => {
    await transaction`select pg_advisory_xact_lock(hashtext('tillstream.live.scenario_runs'))`
    const [beat] = await transaction<{ silentMs: number }[]>`
      select extract(epoch from clock_timestamp() - beat_at)::float8 * 1000 as "silentMs" from live.simulator_heartbeat`
    if (!beat || beat.silentMs >= SIMULATORS_SILENT_MS)
      throw new RefusedError('No simulators run: start them with npm run simulate, then start the scenario.')
    const [same] = await transaction<{ run: number }[]>`
      select run from live.scenario_runs
      where scenario = ${name} and state in ('requested', 'running', 'stopping')`
    if (same)
      throw new RefusedError(`${titleOf(name)} plays already (run ${same.run}): stop it first, or wait.`)
    const [asked] = await transaction<{ run: number }[]>`
      insert into live.scenario_runs (scenario, minutes) values (${name}, ${minutes}) returning run`
    if (!asked) throw new Error('the run was not written')
    await transaction`
      select pg_notify('ops_changed', ''),
        live.append_ops('scenario', ${transaction.json({ run: asked.run, scenario: name, state: 'requested' })})`
    return asked.run
  })
}

/**
 * Asks a scenario to end. One whose simulators are gone ends at once.
 * @throws RefusedError when it has ended
 */
export async function stopScenario({ sql }: Pick<Serving, 'sql'>, run: number): Promise<void> {
  await sql.begin(async transaction => {
    const [stopped] = await transaction<{ scenario: string; state: string }[]>`
      update live.scenario_runs r
      set state = case when alive then 'stopping' else 'ended' end,
        detail = case when alive then r.detail else concat_ws(' ', r.detail, 'The simulators are gone.') end,
        ended_at = case when alive then null else clock_timestamp() end
      from (select coalesce((
        select clock_timestamp() - beat_at < make_interval(secs => ${SIMULATORS_SILENT_MS / 1_000})
        from live.simulator_heartbeat), false) as alive) simulators
      where r.run = ${run} and r.state in ('requested', 'running', 'stopping')
      returning r.scenario, r.state`
    if (!stopped) throw new RefusedError(`Run ${run} has ended already.`)
    await transaction`
      select pg_notify('ops_changed', ''), live.append_ops('scenario', ${transaction.json({ run, ...stopped })})`
  })
}

function titleOf(name: string): string {
  return SCENARIOS.find(scenario => scenario.name === name)?.title ?? name
}
