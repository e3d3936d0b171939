import { formatInstant } from '#domain/instant.ts'
import type { CaughtUp } from './catch-up.ts'
import type { ReplayOutcome } from './replay/replay.ts'

/** The one line that a run to the end of the log prints. */
export function caughtUpLine(partitions: readonly CaughtUp[], elapsedMs: number): string {
  const events = sum(partitions.map(partition => partition.events))
  const late = sum(partitions.map(partition => partition.lateEvents))
  const generations = [...new Set(partitions.map(({ generation }) => generation))].join(', ')
  const offsets = partitions.map(({ partition, offset }) => `${partition}:${offset}`).join(' ')
  const watermarks = partitions.flatMap(({ watermark }) => (watermark === null ? [] : [watermark]))
  const watermark = watermarks.length === 0 ? 'none' : formatInstant(Math.min(...watermarks))
  return (
    `stream: caught up, ${events} events (${late} late) in ${(elapsedMs / 1_000).toFixed(1)} s; ` +
    `generation ${generations}, offsets ${offsets}, watermark ${watermark}`
  )
}

const MOST_LISTED = 20

/** What a replay prints: one line, and where the generations differ. */
export function replayLines(outcome: ReplayOutcome): string[] {
  const { from, to, events, buildMs, differences, isSwitched } = outcome
  const perSecond = Math.round(events / Math.max(0.001, buildMs / 1_000))
  const built = `replay: ${events} events in ${(buildMs / 1_000).toFixed(1)} s (${perSecond} a second)`
  const listed = differences
    .slice(0, MOST_LISTED)
    .map(({ of, figure, active, rebuilt }) => `  ${of}: ${figure} was ${active}, rebuilt ${rebuilt}`)
  const omitted = differences.length > MOST_LISTED ? [`  … and ${differences.length - MOST_LISTED} more`] : []
  const verdict = isSwitched
    ? `generation ${to} is active, ${differences.length} differences from generation ${from}`
    : `generation ${from} stays active: the rebuilt one differs in ${differences.length} figures. ` +
      'If a change of rules explains them, run it again with --accept-differences'
  return [`${built}; ${verdict}`, ...listed, ...omitted]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
