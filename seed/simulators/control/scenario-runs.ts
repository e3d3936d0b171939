import type { Sql } from '#db/client.ts'
import { type Instant, SECOND_MS } from '#domain/instant.ts'
import type { ScenarioName } from '#domain/scenario.ts'
import type { ScenarioReport } from '#seed/simulators/scenarios/scheduler.ts'

interface ScenarioRun {
  scenario: string
  state: 'requested' | 'running' | 'stopping' | 'ended' | 'failed'
  detail: string | null
  endsAt: Instant | null
}

/** Says that simulators live and what they play. @returns what people ask of them, oldest first */
export async function beat(sql: Sql, status: { playing: string; speed: number; waiting: number }) {
  return sql<{ run: number; scenario: string; state: 'requested' | 'stopping'; minutes: number | null }[]>`
    with beat as (
      insert into live.simulator_heartbeat (beat_at, scenario, speed, waiting)
      values (clock_timestamp(), ${status.playing}, ${status.speed}, ${status.waiting})
      on conflict (only_row) do update set beat_at = excluded.beat_at, scenario = excluded.scenario,
        speed = excluded.speed, waiting = excluded.waiting
    )
    select run, scenario, state, minutes from live.scenario_runs
    where state in ('requested', 'stopping') order by run`
}

/** When simulators last said that they live, and how long ago that is; null when none ever did. */
async function lastBeat(sql: Sql): Promise<{ at: Instant; ageMs: number } | null> {
  const [row] = await sql<{ at: Instant; ageMs: number }[]>`
    select beat_at as at, round(extract(epoch from clock_timestamp() - beat_at) * 1000)::float8 as "ageMs"
    from live.simulator_heartbeat`
  return row ?? null
}

/** Settles what an earlier process left behind when it died, and what nobody played in time. */
export async function settleAbandoned(sql: Sql): Promise<void> {
  const settled = await sql<{ run: number }[]>`
    update live.scenario_runs set state = 'failed', ended_at = clock_timestamp(),
      detail = case when state = 'requested' then 'Nobody played it within ten minutes.'
        else concat_ws(' ', 'The simulators ended before it did.', detail) end
    where state in ('running', 'stopping') or state = 'requested' and requested_at < clock_timestamp() - interval '10 minutes'
    returning run`
  for (const { run } of settled) await announce(sql, run)
}

export async function requestRun(sql: Sql, scenario: ScenarioName, minutes: number | null): Promise<number> {
  const [row] = await sql<{ run: number }[]>`
    insert into live.scenario_runs (scenario, minutes) values (${scenario}, ${minutes}) returning run`
  if (!row) throw new Error('the request was not written')
  await announce(sql, row.run)
  return row.run
}

/** Asks for the end of a run that is not over. */
export async function stopRun(sql: Sql, run: number): Promise<void> {
  await sql`update live.scenario_runs set state = 'stopping' where run = ${run} and state in ('requested', 'running')`
  await announce(sql, run)
}

/** Writes what became of a run. One that is over stays as it is, and one that is to stop does not run again. */
export async function writeReport(
  sql: Sql,
  run: number,
  { state, detail, endsAt }: ScenarioReport,
): Promise<void> {
  const isOver = state === 'ended' || state === 'failed'
  await sql`
    update live.scenario_runs set
      state = case when state = 'stopping' and not ${isOver} then state else ${state} end,
      detail = ${detail},
      started_at = case when ${state !== 'requested'} then coalesce(started_at, clock_timestamp()) end,
      ends_at = coalesce(${endsAt ?? null}::timestamptz, ends_at),
      ended_at = case when ${isOver} then clock_timestamp() end
    where run = ${run} and state not in ('ended', 'failed')`
  await announce(sql, run)
}

export async function readRun(sql: Sql, run: number): Promise<ScenarioRun | null> {
  const [row] = await sql<ScenarioRun[]>`
    select scenario, state, detail, ends_at as "endsAt" from live.scenario_runs where run = ${run}`
  return row ?? null
}

/** Tells the pages how a run stands. */
async function announce(sql: Sql, run: number): Promise<void> {
  await sql`
    select live.append_ops('scenario', to_jsonb(told)) from (
      select run, scenario, state, detail, requested_at, started_at, ends_at, ended_at
      from live.scenario_runs where run = ${run}
    ) told`
}

const LOOK_EVERY_MS = SECOND_MS
/** Simulators that live say so every two seconds. */
const FRESH_BEAT_MS = 7 * SECOND_MS
/** After that long without a word they are gone. */
const GONE_AFTER_MS = 30 * SECOND_MS

interface Follower {
  sql: Sql
  wait(milliseconds: number): Promise<void>
  /** Somebody wants the scenario to end. */
  stop: AbortSignal
  print(line: string): void
}

/** Whether simulators live elsewhere: they say so, and say so again. */
export async function doSimulatorsLive({ sql, wait }: Pick<Follower, 'sql' | 'wait'>): Promise<boolean> {
  const first = await lastBeat(sql)
  if (first === null || first.ageMs > FRESH_BEAT_MS) return false
  for (let waited = 0; waited < FRESH_BEAT_MS; waited += LOOK_EVERY_MS) {
    await wait(LOOK_EVERY_MS)
    if ((await lastBeat(sql))?.at !== first.at) return true
  }
  return false
}

/**
 * Has the simulators that run play a scenario, and tells how it goes until it is over.
 * @returns how it ended
 * @throws when nobody plays it
 */
export async function playElsewhere(
  follower: Follower,
  { scenario, minutes }: { scenario: ScenarioName; minutes: number | null },
): Promise<'ended' | 'failed'> {
  const { sql, wait, stop, print } = follower
  const run = await requestRun(sql, scenario, minutes)
  print(`The simulators that run are asked to play ${scenario}.`)
  let told = ''
  let isStopped = false
  for (;;) {
    if (stop.aborted && !isStopped) {
      isStopped = true
      await stopRun(sql, run)
      print('Asked them to stop it.')
    }
    const now = await readRun(sql, run)
    if (!now) throw new Error('The request is gone from the database: somebody has emptied it.')
    const line = describe(now)
    if (line !== told) print(line)
    told = line
    if (now.state === 'ended' || now.state === 'failed') return now.state
    const beat = await lastBeat(sql)
    if (beat === null || beat.ageMs > GONE_AFTER_MS) {
      await stopRun(sql, run)
      throw new Error('The simulators have not said anything for half a minute: they are gone. Try again.')
    }
    await wait(LOOK_EVERY_MS)
  }
}

function describe({ scenario, state, detail, endsAt }: ScenarioRun): string {
  const until =
    state === 'running' && endsAt !== null
      ? ` (until ${new Date(endsAt).toISOString().slice(11, 19)} UTC)`
      : ''
  return `${scenario}: ${state}${until}${detail === null ? '' : `. ${detail}`}`
}
