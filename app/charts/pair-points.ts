/** One step of a pair chart: an hour or a day, as both paths have it. */
export interface PairPoint {
  key: string
  /** Under the axis: `14:00`, `20 Nov`. */
  label: string
  /** Null where a path has no figure, which is not zero. For drawing only. */
  batch: number | null
  stream: number | null
  /** The step is not over yet: what is drawn will still change. */
  open: boolean
}

/** A point with the stream's line cut in two: the part that stands, and the dashed part that may still move. */
export interface DrawnPoint extends PairPoint {
  streamClosed: number | null
  streamOpen: number | null
}

/** The dashed line begins at the last closed point, so that the two meet. */
export function cutOpenLine(points: readonly PairPoint[]): DrawnPoint[] {
  return points.map((point, index) => ({
    ...point,
    streamClosed: point.open ? null : point.stream,
    streamOpen: point.open || points[index + 1]?.open ? point.stream : null,
  }))
}
