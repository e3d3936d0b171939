import { DAY_MS } from '#domain/instant.ts'
import { type BeginScript, liveTills } from './script.ts'

export const beginTillOffline: BeginScript = stage => {
  const [{ source }] = liveTills(stage)
  // Its waiting sales stay in their order behind what it may still have had.
  let most = 0
  return {
    act() {
      stage.hold(source, stage.endsAt)
      most = Math.max(most, stage.waitingAt(source))
      return []
    },
    end() {
      most = Math.max(most, stage.waitingAt(source))
      stage.release(source)
      return []
    },
    detail: () => `${source} sells with its line down: ${most} events in its backlog.`,
  }
}

export const beginClockSkew: BeginScript = stage => {
  const [ahead, behind] = liveTills(stage)
  const clocks = new Map<string, number>([
    [ahead.source, DAY_MS],
    ...(behind ? [[behind.source, -3 * DAY_MS] as const] : []),
  ])
  return {
    clockOf: source => clocks.get(source),
    detail: () =>
      `The clock of ${ahead.source} is a day ahead, that of ${behind?.source ?? 'no other till'} three days behind.`,
  }
}
