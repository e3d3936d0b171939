import type { ReactNode } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { formatAge, formatFullMoment, formatMoment } from '#app/format/time.ts'
import type { Freshness, PartitionLag } from '#app/trpc/router-outputs.ts'
import { offsetsText } from '#app/ui/basis.tsx'
import { Card, CardContent, type CardQuery, RowSkeletons } from '#app/ui/card.tsx'
import { OtherTag, PathTag } from '#app/ui/marks.tsx'
import { ENGINE_TITLES, OWN_ENGINE } from '#domain/engine.ts'

/** How fresh each path is: when it last looked, how far it has read the log, and what it has not read yet. */
export function FreshnessCard({
  query,
  serverNow,
  zone,
  className,
}: {
  query: CardQuery<Freshness>
  /** The database's clock now, to which ages are relative; null before the first answer. */
  serverNow: number | null
  zone: string
  className?: string
}) {
  return (
    <Card title="Freshness" note="how far each path has read the log" className={className}>
      <CardContent query={query} skeleton={<RowSkeletons rows={7} />}>
        {freshness => <Rows freshness={freshness} now={serverNow ?? freshness.now} zone={zone} />}
      </CardContent>
    </Card>
  )
}

const ANSWER_HOLDS_MS = 15_000

function Rows({
  freshness: { batch, stream, others, live, now: readAt },
  now,
  zone,
}: {
  freshness: Freshness
  now: number
  zone: string
}) {
  const since = (instant: number | null) => (instant === null ? 'never' : `${formatAge(now - instant)} ago`)
  const watermarkOf = ({ watermark }: { watermark: number | null }) =>
    watermark === null ? (
      'none yet'
    ) : (
      <span title={formatFullMoment(watermark, zone)}>
        {formatMoment(watermark, zone, now, { seconds: true })}
      </span>
    )
  // What lies unread changes with every sale: an answer from before says nothing of it.
  const knownAt = live.heldBy ? live.knownUpTo : readAt
  const isOld = live.heldBy !== undefined || now - readAt > ANSWER_HOLDS_MS
  const ofNow = (text: string) => (isOld ? `not known for ${formatAge(now - knownAt)}` : text)
  return (
    <table className="w-full border-collapse text-xs">
      <caption className="sr-only">
        Freshness of the batch path, of the stream path and of further answers
      </caption>
      <thead>
        <tr>
          <td />
          <th scope="col" className="pb-2 pl-3 text-right font-normal">
            <PathTag path="batch" />
          </th>
          <th scope="col" className="pb-2 pl-3 text-right font-normal">
            <PathTag
              path="stream"
              name={
                others.length > 0 || stream.engine !== OWN_ENGINE ? ENGINE_TITLES[stream.engine] : undefined
              }
            />
          </th>
          {others.map(({ generation, engine }) => (
            <th key={generation} scope="col" className="pb-2 pl-3 text-right font-normal">
              <OtherTag name={ENGINE_TITLES[engine]} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        <Row
          name="Last worked"
          batch={since(batch.computedAt)}
          stream={since(stream.processedAt)}
          others={others.map(({ processedAt }) => since(processedAt))}
        />
        <Row
          name="Not read yet"
          batch={ofNow(lagText(batch))}
          stream={ofNow(lagText(stream))}
          others={others.map(other => ofNow(lagText(other)))}
        />
        <Row
          name="Run, watermark"
          batch={batch.lastRunId === null ? 'none yet' : `run ${formatCount(batch.lastRunId)}`}
          stream={watermarkOf(stream)}
          others={others.map(watermarkOf)}
        />
        <Row
          name="Log read"
          batch={readText(batch.partitions)}
          stream={readText(stream.partitions)}
          others={others.map(({ partitions }) => readText(partitions))}
        />
        <Row
          name="Next look"
          batch={ofNow(nextRunText(batch, now))}
          stream={ofNow(nextReadText(stream, now))}
          others={others.map(other =>
            other.engine === OWN_ENGINE
              ? 'it stands by'
              : other.isWorkedOn
                ? ofNow(nextReadText(other, now))
                : 'it does not run',
          )}
        />
      </tbody>
    </table>
  )
}

function Row({
  name,
  batch,
  stream,
  others,
}: {
  name: string
  batch: ReactNode
  stream: ReactNode
  /** Of each further answer, in their order. */
  others: readonly ReactNode[]
}) {
  const cell = 'border-t border-line py-2 pl-3 text-right align-top'
  return (
    <tr>
      <th scope="row" className="border-t border-line py-2 text-left align-top font-normal text-muted">
        {name}
      </th>
      <td className={cell}>{batch}</td>
      <td className={cell}>{stream}</td>
      {others.map((other, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: answers keep their order
        <td key={index} className={cell}>
          {other}
        </td>
      ))}
    </tr>
  )
}

function lagText({ lagEvents, lagMs }: { lagEvents: number; lagMs: number }): string {
  return lagEvents === 0 ? 'nothing' : `${plural(lagEvents, 'event')}, ${formatAge(lagMs)} old`
}

/** Offsets are dense, so over the partitions they add up to events, ticks among them. */
function readText(partitions: readonly PartitionLag[]): ReactNode {
  const read = partitions.reduce((sum, { through }) => sum + through, 0)
  const end = partitions.reduce((sum, partition) => sum + partition.end, 0)
  const detail = offsetsText(
    Object.fromEntries(partitions.map(({ partition, through }) => [partition, through])),
  )
  return <span title={`By partition: ${detail}`}>{`${formatCount(read)} of ${formatCount(end)}`}</span>
}

/** The schedule says that it lives every ten seconds. */
const SCHEDULE_SILENT_MS = 30_000

/** When the schedule looks for work again, and what it will find. */
export function nextRunText(
  { nextTickAt, heartbeatAt, ticks, dirtyStoreDays, lagEvents }: Freshness['batch'],
  now: number,
): string {
  if (heartbeatAt === null || nextTickAt === null) return 'no schedule runs'
  if (now - heartbeatAt > SCHEDULE_SILENT_MS)
    return `no schedule runs: last heard of ${formatAge(now - heartbeatAt)} ago`
  // A schedule that lives and gets nowhere.
  if (ticks.error !== null) return `the last tick failed: ${ticks.error}`
  if (ticks.succeededAt !== null && ticks.overdueAt !== null && now > ticks.overdueAt)
    return `no tick has succeeded for ${formatAge(now - ticks.succeededAt)}`
  const work =
    dirtyStoreDays > 0
      ? `${plural(dirtyStoreDays, 'store-day')} to do`
      : // What the planner has not met yet is work of days that nobody has counted.
        lagEvents > 0
        ? `${plural(lagEvents, 'event')} to look at`
        : 'nothing to do'
  return `${nextTickAt <= now ? 'due now' : `in ${formatAge(nextTickAt - now)}`}, ${work}`
}

/** A stream that leaves events unread does not read at the next one either. */
const STANDING_MS = 5_000

export function nextReadText(
  { lagMs, processedAt }: Pick<Freshness['stream'], 'lagMs' | 'processedAt'>,
  now: number,
): string {
  const stands = lagMs > STANDING_MS && (processedAt === null || now - processedAt > STANDING_MS)
  return stands ? 'it stands' : 'at the next event'
}
