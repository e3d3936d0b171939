import { formatAge, formatFullMoment, formatMoment } from '#app/format/time.ts'

/** Of all times on this page: the schedule and the logs of the processes are in it, whatever the stores' zones. */
export const PIPELINE_ZONE = 'UTC'

/** A time with seconds when it is of today, with its day when not; in full for a pointer. */
export function Moment({ at, now }: { at: number; now: number | null }) {
  return (
    <span title={formatFullMoment(at, PIPELINE_ZONE)}>
      {formatMoment(at, PIPELINE_ZONE, now ?? at, { seconds: true })}
    </span>
  )
}

/** How long ago it was; the moment in full for a pointer. */
export function Ago({ at, now }: { at: number; now: number }) {
  return <span title={formatFullMoment(at, PIPELINE_ZONE)}>{formatAge(now - at)} ago</span>
}
