import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import type { ScenarioName } from '#domain/scenario.ts'
import { lastBeat, readRun, requestRun, type ScenarioRun, stopRun } from './scenario-runs.ts'

const LOOK_EVERY_MS = SECOND_MS
/** Simulators that live say so every two seconds. */
const FRESH_BEAT_MS = 7 * SECOND_MS
/** After that long without a word they are gone. */
const GONE_AFTER_MS = 30 * SECOND_MS

export interface Follower {
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
