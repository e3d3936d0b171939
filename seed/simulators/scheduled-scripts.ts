import type { SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { type ScenarioName, scenarioOf } from '#domain/scenario.ts'
import { SCRIPTS } from './scripts/all-scripts.ts'
import type { Script, Stage } from './scripts/script.ts'

/** A scenario that somebody asked for. */
export interface Request {
  run: number
  scenario: ScenarioName
  /** Null: as long as it usually takes. */
  minutes: number | null
}

/** What becomes of a request. */
export interface Report {
  /** `requested`: it waits for its turn. */
  state: 'requested' | 'running' | 'ended' | 'failed'
  detail: string
  endsAt?: Instant
}

/** Where requests come from, and reports go. */
export interface RequestDesk {
  /** Those that came since the call before. */
  take(): readonly Request[]
  /** Whether somebody wants it to end before its time. */
  isStopping(run: number): boolean
  report(run: number, report: Report): void
}

/** What plays now, on top of the ordinary day. Scenarios play beside each other; the same one after itself. */
export interface Playbill {
  /** Begins what is asked for, and ends what is over. @returns what happened in the shops by it */
  step(now: Instant): SentEvent[]
  pace(usual: readonly number[]): readonly number[]
  readonly deliveriesHeld: boolean
  clockOf(source: string): number | undefined
  /** Names of what plays; 'ordinary' when nothing else does. */
  readonly playing: string
  /** Ends everything, because the simulators stop. */
  close(now: Instant): SentEvent[]
}

interface Play {
  request: Request
  script: Script
  endsAt: Instant
  told: string
}

const TELL_EVERY_MS = 5 * SECOND_MS

export function createPlaybill(
  desk: RequestDesk,
  stageOf: (times: Pick<Stage, 'startedAt' | 'endsAt'>) => Stage,
): Playbill {
  let waiting: Request[] = []
  let plays: Play[] = []
  let toldAt = 0

  function begin(request: Request, now: Instant): void {
    const { run, scenario } = request
    if (scenario === 'ordinary') return
    const endsAt = now + (request.minutes ?? scenarioOf(scenario).minutes) * MINUTE_MS
    try {
      const script = SCRIPTS[scenario](stageOf({ startedAt: now, endsAt }))
      const told = script.detail(now)
      plays.push({ request, script, endsAt, told })
      desk.report(run, { state: 'running', detail: told, endsAt })
    } catch (error) {
      // This world lacks what it needs, such as a till.
      desk.report(run, { state: 'failed', detail: error instanceof Error ? error.message : String(error) })
    }
  }

  function end({ request, script }: Play, now: Instant, why: string): SentEvent[] {
    const happened = script.end?.(now) ?? []
    desk.report(request.run, { state: 'ended', detail: `${why}${script.detail(now)}` })
    return happened
  }

  function endWhere(isOver: (play: Play) => boolean, now: Instant, why: string): SentEvent[] {
    const over = plays.filter(isOver)
    plays = plays.filter(play => !over.includes(play))
    return over.flatMap(play => end(play, now, why))
  }

  /** @returns what ends by it */
  function take(now: Instant): SentEvent[] {
    const happened: SentEvent[] = []
    for (const request of desk.take()) {
      if (request.scenario !== 'ordinary') {
        waiting.push(request)
        if (plays.some(play => play.request.scenario === request.scenario))
          desk.report(request.run, {
            state: 'requested',
            detail: 'Waits until the one that plays has ended.',
          })
      } else {
        const ended = plays.length + waiting.length
        for (const { run } of waiting)
          desk.report(run, { state: 'ended', detail: 'Back to the ordinary day.' })
        waiting = []
        happened.push(...endWhere(() => true, now, 'Back to the ordinary day. '))
        desk.report(request.run, {
          state: 'ended',
          detail:
            ended === 0
              ? 'The ordinary day is what plays already.'
              : `Back to the ordinary day: ${ended} ended.`,
        })
      }
    }
    for (const { run } of waiting.filter(({ run }) => desk.isStopping(run)))
      desk.report(run, { state: 'ended', detail: 'Stopped before it began.' })
    waiting = waiting.filter(({ run }) => !desk.isStopping(run))
    return happened
  }

  function tellProgress(now: Instant): void {
    if (now - toldAt < TELL_EVERY_MS) return
    toldAt = now
    for (const play of plays) {
      const detail = play.script.detail(now)
      if (detail === play.told) continue
      play.told = detail
      desk.report(play.request.run, { state: 'running', detail, endsAt: play.endsAt })
    }
  }

  return {
    step(now) {
      const happened = take(now)
      happened.push(...endWhere(({ endsAt }) => endsAt <= now, now, ''))
      happened.push(...endWhere(({ request }) => desk.isStopping(request.run), now, 'Stopped. '))
      waiting = waiting.filter(request => {
        if (plays.some(play => play.request.scenario === request.scenario)) return true
        begin(request, now)
        return false
      })
      happened.push(...plays.flatMap(({ script }) => script.act?.(now) ?? []))
      tellProgress(now)
      return happened
    },
    pace: usual => plays.reduce((pace, { script }) => script.pace?.(pace) ?? pace, usual),
    get deliveriesHeld() {
      return plays.some(({ script }) => script.deliveriesHeld)
    },
    clockOf: source => plays.map(({ script }) => script.clockOf?.(source)).find(clock => clock !== undefined),
    get playing() {
      return plays.length === 0 ? 'ordinary' : plays.map(({ request }) => request.scenario).join(' + ')
    },
    close(now) {
      const happened = endWhere(() => true, now, 'The simulators stopped. ')
      for (const { run } of waiting)
        desk.report(run, { state: 'failed', detail: 'The simulators stopped before it began.' })
      return happened
    },
  }
}
