import { formatCount, plural } from '#app/format/number.ts'
import { formatAge, formatLag, formatTime } from '#app/format/time.ts'
import { PIPELINE_ZONE } from '#app/pipeline/moment.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import type { Part } from '#app/url-state.ts'

type Flow = RouterOutputs['pipeline']['flow']

export type NodeKey = keyof Flow['health']

/** A part of the drawing, in words. */
export interface FlowNode {
  key: NodeKey
  title: string
  path: 'batch' | 'stream' | null
  health: Flow['health'][NodeKey]['health']
  /** Why it is not well; empty when it is. */
  why: string
  lines: { name: string; value: string }[]
  /** Where there is more about it. */
  part: Part | null
  inflow: { from: string; rate: string; unit: string } | null
}

const PER_MINUTE = 'events a minute'

/** The parts in the order in which events pass them, each with its figures and what flows into it. */
export function nodesOf(flow: Flow, now: number): FlowNode[] {
  const { health, perMinute, freshness, partitions, files, reconciliation, witnesses } = flow
  const { batch, stream } = freshness
  const since = (instant: number | null) => (instant === null ? 'never' : `${formatAge(now - instant)} ago`)
  const perPartition = partitions.map(({ partition, end }) => ({
    name: `Partition ${partition}`,
    value: formatCount(end),
  }))

  function node(
    key: NodeKey,
    title: string,
    more: Pick<FlowNode, 'lines'> & Partial<Pick<FlowNode, 'path' | 'part' | 'inflow'>>,
  ): FlowNode {
    return { key, title, path: null, part: null, inflow: null, ...health[key], ...more }
  }

  return [
    node('tills', 'Tills', {
      part: 'lag',
      lines: [{ name: 'POS, web', value: `${formatCount(perMinute.live)} a min` }],
    }),
    node('files', 'Files', {
      part: 'lag',
      lines: [
        { name: 'Loaded, 24 h', value: formatCount(files.loaded) },
        ...(files.failed > 0 ? [{ name: 'Failed, 24 h', value: formatCount(files.failed) }] : []),
        ...(files.untaken > 0 ? [{ name: 'Not taken', value: formatCount(files.untaken) }] : []),
        { name: 'Newest loaded', value: files.newestAt === null ? 'none on file' : since(files.newestAt) },
      ],
    }),
    node('intake', 'Intake', {
      part: 'letters',
      inflow: {
        from: 'Tills and files to intake',
        rate: formatCount(perMinute.live),
        unit: `${PER_MINUTE}, and ${formatCount(perMinute.bulk)} from files`,
      },
      lines: [
        { name: 'Rejected', value: `${formatCount(perMinute.rejected)} a min` },
        { name: 'Dead letters', value: `${formatCount(flow.openLetters)} open` },
      ],
    }),
    node('log', 'Order log', {
      part: 'lag',
      inflow: { from: 'Intake to log', rate: formatCount(perMinute.live + perMinute.bulk), unit: PER_MINUTE },
      lines: [
        { name: 'Kept in', value: freshness.archive === null ? 'Postgres' : 'Kafka' },
        ...perPartition,
        { name: 'All', value: formatCount(partitions.reduce((sum, { end }) => sum + end, 0)) },
        ...(freshness.archive === null
          ? []
          : [{ name: 'Not archived yet', value: archiveText(freshness.archive, now) }]),
      ],
    }),
    node('stream', 'Stream', {
      path: 'stream',
      part: 'lag',
      inflow: { from: 'Log to stream', rate: formatCount(perMinute.streamRead), unit: PER_MINUTE },
      lines: [
        { name: 'Not read yet', value: lagText(stream) },
        { name: 'Processed', value: since(stream.processedAt) },
      ],
    }),
    node('liveTables', 'Live tables', {
      inflow: { from: 'Stream to live tables', rate: formatCount(perMinute.streamRead), unit: PER_MINUTE },
      lines: [
        {
          name: 'Watermark',
          value:
            stream.watermark === null
              ? 'none yet'
              : formatTime(stream.watermark, PIPELINE_ZONE, { seconds: true }),
        },
        { name: 'Generation', value: formatCount(stream.generation) },
      ],
    }),
    node('batch', 'Batch', {
      path: 'batch',
      part: 'jobs',
      inflow: { from: 'Log to batch', rate: formatCount(perMinute.batchRead), unit: PER_MINUTE },
      lines: [
        { name: 'Not read yet', value: lagText(batch) },
        { name: 'Next tick', value: tickText(batch, now) },
        { name: 'Heartbeat', value: since(batch.heartbeatAt) },
      ],
    }),
    node('reports', 'Reports', {
      part: 'jobs',
      inflow: {
        from: 'Batch to report tables',
        rate: batch.lastRunId === null ? '–' : `run ${formatCount(batch.lastRunId)}`,
        unit: 'the newest',
      },
      lines: [
        { name: 'Last run', value: since(batch.computedAt) },
        { name: 'To do', value: toDoText(batch) },
      ],
    }),
    node('serving', 'Serving', {
      part: 'checks',
      inflow: { from: 'Live and report tables to serving', rate: '', unit: 'read by the pages' },
      lines: [
        { name: 'Compared', value: witnesses.compared ? since(witnesses.compared.newestAt) : 'not yet' },
        ...(reconciliation ? [{ name: 'Last run', value: reconciliation.state }] : []),
        { name: 'Unexplained', value: unexplainedText(witnesses) },
        { name: 'Findings', value: findingsText(witnesses) },
      ],
    }),
  ]
}

function lagText({ lagEvents, lagMs }: { lagEvents: number; lagMs: number }): string {
  return lagEvents === 0 ? 'nothing' : `${plural(lagEvents, 'event')}, ${formatLag(lagMs)} old`
}

/** What nobody archives is not known to be nothing. */
function archiveText(archive: NonNullable<Flow['freshness']['archive']>, now: number): string {
  const seen = archive.partitions.flatMap(({ isWorkedOn, seenAt }) => (isWorkedOn ? [] : [seenAt]))
  const since = seen.flatMap(at => at ?? [])
  if (seen.length === 0 || archive.lagEvents > 0) return lagText(archive)
  return since.length === 0 ? 'not known' : `not known for ${formatAge(now - Math.min(...since))}`
}

function tickText({ nextTickAt }: Flow['freshness']['batch'], now: number): string {
  if (nextTickAt === null) return 'none'
  return nextTickAt <= now ? 'due now' : `in ${formatAge(nextTickAt - now)}`
}

/** What the planner has not met yet is work of days that nobody has counted. */
function toDoText({ dirtyStoreDays, lagEvents }: Flow['freshness']['batch']): string {
  if (dirtyStoreDays > 0) return plural(dirtyStoreDays, 'store-day')
  return lagEvents > 0 ? `${plural(lagEvents, 'event')} to look at` : 'nothing'
}

function unexplainedText({ compared, unexplained, storeDaysNotCompared }: Flow['witnesses']): string {
  if (compared === null) return 'not compared yet'
  const figures = formatCount(unexplained.reduce((sum, store) => sum + store.figures, 0))
  return storeDaysNotCompared > 0
    ? `${figures}, ${plural(storeDaysNotCompared, 'store-day')} not compared`
    : figures
}

function findingsText({ compared, findings }: Flow['witnesses']): string {
  const count = findings.reduce((sum, each) => sum + each.findings, 0)
  return count === 0 && compared === null ? 'not audited yet' : formatCount(count)
}
