import type { SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { type ScenarioName, scenarioOf } from '#domain/scenario.ts'
import { messageOf } from '#platform/command.ts'
import { busyPace } from '#seed/simulators/pace.ts'
import { beginFlashPromotion, beginHotStore, beginRush, beginSupplierLate } from './demand.ts'
import { beginCardFraud, beginRefundWave } from './fraud.ts'
import type { BeginScenario, RunningScenario, ScenarioContext } from './script.ts'
import { beginClockSkew, beginPoisonEvents, beginTillOffline } from './tills.ts'

/** A scenario that somebody asked for. */
export interface ScenarioRequest {
  run: number
  scenario: ScenarioName
  /** Null: as long as it usually takes. */
  minutes: number | null
}

/** What becomes of a request. */
export interface ScenarioReport {
  /** `requested`: it waits for its turn. */
  state: 'requested' | 'running' | 'ended' | 'failed'
  detail: string
  endsAt?: Instant
}

/** Where requests come from, and reports go. */
export interface ScenarioRequests {
  /** Those that came since the call before. */
  take(): readonly ScenarioRequest[]
  /** Whether somebody wants it to end before its time. */
  isStopping(run: number): boolean
  report(run: number, report: ScenarioReport): void
}

export type ScenarioScheduler = ReturnType<typeof createScenarioScheduler>

interface Play {
  request: ScenarioRequest
  script: RunningScenario
  endsAt: Instant
  told: string
}

const TELL_EVERY_MS = 5 * SECOND_MS

/** What plays now, on top of the ordinary day. Scenarios play beside each other; the same one after itself. */
export function createScenarioScheduler(
  requests: ScenarioRequests,
  contextOf: (times: Pick<ScenarioContext, 'startedAt' | 'endsAt'>) => ScenarioContext,
) {
  let waiting: ScenarioRequest[] = []
  let plays: Play[] = []
  let toldAt = 0

  function begin(request: ScenarioRequest, now: Instant): void {
    const { run, scenario } = request
    if (scenario === 'ordinary') return
    const endsAt = now + (request.minutes ?? scenarioOf(scenario).minutes) * MINUTE_MS
    try {
      const script = SCENARIO_SCRIPTS[scenario](contextOf({ startedAt: now, endsAt }))
      const told = script.detail(now)
      plays.push({ request, script, endsAt, told })
      requests.report(run, { state: 'running', detail: told, endsAt })
    } catch (error) {
      // This world lacks what it needs, such as a till.
      requests.report(run, { state: 'failed', detail: messageOf(error) })
    }
  }

  const isPlaying = (scenario: ScenarioName) => plays.some(({ request }) => request.scenario === scenario)
  const tellEnd = (run: number, detail: string) => requests.report(run, { state: 'ended', detail })

  function endWhere(isOver: (play: Play) => boolean, now: Instant, why: string): SentEvent[] {
    const over = plays.filter(isOver)
    plays = plays.filter(play => !over.includes(play))
    return over.flatMap(({ request, script }) => {
      const happened = script.end?.(now) ?? []
      tellEnd(request.run, `${why}${script.detail(now)}`)
      return happened
    })
  }

  /** @returns what ends by it */
  function take(now: Instant): SentEvent[] {
    const happened: SentEvent[] = []
    for (const request of requests.take()) {
      const { run, scenario } = request
      if (scenario !== 'ordinary') {
        waiting.push(request)
        if (isPlaying(scenario))
          requests.report(run, { state: 'requested', detail: 'Waits until the one that plays has ended.' })
        continue
      }
      const others = plays.length + waiting.length
      for (const other of waiting.splice(0)) tellEnd(other.run, 'Back to the ordinary day.')
      happened.push(...endWhere(() => true, now, 'Back to the ordinary day. '))
      tellEnd(
        run,
        others === 0
          ? 'The ordinary day is what plays already.'
          : `Back to the ordinary day: ${others} ended.`,
      )
    }
    waiting = waiting.filter(({ run }) => {
      const isStopping = requests.isStopping(run)
      if (isStopping) tellEnd(run, 'Stopped before it began.')
      return !isStopping
    })
    return happened
  }

  function tellProgress(now: Instant): void {
    if (now - toldAt < TELL_EVERY_MS) return
    toldAt = now
    for (const play of plays) {
      const detail = play.script.detail(now)
      if (detail === play.told) continue
      play.told = detail
      requests.report(play.request.run, { state: 'running', detail, endsAt: play.endsAt })
    }
  }

  return {
    /** Begins what is asked for, and ends what is over. @returns what happened in the shops by it */
    step(now: Instant): SentEvent[] {
      const happened = take(now)
      happened.push(...endWhere(({ endsAt }) => endsAt <= now, now, ''))
      happened.push(...endWhere(({ request }) => requests.isStopping(request.run), now, 'Stopped. '))
      waiting = waiting.filter(request => {
        if (isPlaying(request.scenario)) return true
        begin(request, now)
        return false
      })
      happened.push(...plays.flatMap(({ script }) => script.act?.(now) ?? []))
      tellProgress(now)
      return happened
    },
    /** Orders a minute of each shop, given those of the ordinary day. */
    pace: (usual: readonly number[]): readonly number[] =>
      plays.length === 0
        ? usual
        : plays.reduce((pace, { script }) => script.pace?.(pace) ?? pace, busyPace(usual)),
    stockSpeed: (usual: number): number =>
      Math.max(usual, ...plays.map(({ script }) => script.stockSpeed ?? usual)),
    get deliveriesHeld(): boolean {
      return plays.some(({ script }) => script.deliveriesHeld)
    },
    clockOf: (source: string): number | undefined =>
      plays.map(({ script }) => script.clockOf?.(source)).find(clock => clock !== undefined),
    /** Names of what plays; 'ordinary' when nothing else does. */
    get playing() {
      return plays.length === 0 ? 'ordinary' : plays.map(({ request }) => request.scenario).join(' + ')
    },
    /** Ends everything, because the simulators stop. */
    close(now: Instant): SentEvent[] {
      const happened = endWhere(() => true, now, 'The simulators stopped. ')
      for (const { run } of waiting)
        requests.report(run, { state: 'failed', detail: 'The simulators stopped before it began.' })
      return happened
    },
  }
}

/** How each scenario goes. The ordinary day needs no script: it is always there. */
const SCENARIO_SCRIPTS: Readonly<Record<Exclude<ScenarioName, 'ordinary'>, BeginScenario>> = {
  rush: beginRush,
  'supplier-late': beginSupplierLate,
  'till-offline': beginTillOffline,
  'refund-wave': beginRefundWave,
  'card-fraud': beginCardFraud,
  'clock-skew': beginClockSkew,
  'poison-events': beginPoisonEvents,
  'flash-promotion': beginFlashPromotion,
  'hot-store': beginHotStore,
}
