import { LOCALE, NO_FIGURE } from '#app/format/number.ts'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'

export type Costs = RouterOutputs['pipeline']['costs']
export type PathCost = Costs['paths'][number]
export type Latency = Costs['latencies'][number]

export const PATH_TITLES: Record<PathCost['path'], string> = {
  intake: 'Intake',
  stream: 'Stream',
  batch: 'Batch',
  serving: 'Dashboard',
}

/** What is measured, from where to where. */
const MEASURES: Record<string, { title: string; what: string }> = {
  'intake answered': { title: 'Answered', what: 'from the request to its answer, after the commit' },
  'stream counted': { title: 'Counted', what: 'from the append to the commit of the stream' },
  'serving pushed': { title: 'Pushed', what: 'from the append to the frame at open pages' },
  'serving stream age': { title: 'Age of live figures', what: 'looked at every ten seconds' },
  'serving batch age': { title: 'Age of batch figures', what: 'looked at every ten seconds' },
  'batch run': { title: 'Run of a job', what: 'one set of store-days or months' },
}
const ORDER = Object.keys(MEASURES)

export function measureOf({ path, measure }: Pick<Latency, 'path' | 'measure'>): {
  title: string
  what: string
} {
  return MEASURES[`${path} ${measure}`] ?? { title: measure, what: PATH_TITLES[path] }
}

/** In the order in which an order passes them. */
export function inOrder(latencies: readonly Latency[]): Latency[] {
  const place = ({ path, measure }: Latency) => ORDER.indexOf(`${path} ${measure}`)
  return latencies.toSorted((one, other) => place(one) - place(other))
}

/** Whose colour a measure has: of the path whose figures it is about. */
export function colourOf({ path, measure }: Pick<Latency, 'path' | 'measure'>): 'batch' | 'stream' | null {
  if (path === 'batch' || measure === 'batch age') return 'batch'
  return path === 'stream' || measure === 'stream age' || measure === 'pushed' ? 'stream' : null
}

const small = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const middle = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })

/** A measured figure, with as many digits as it is worth: `0.42`, `31.5`, `1,204`. */
export function formatMeasured(value: number | null): string {
  if (value === null) return NO_FIGURE
  if (value === 0) return '0'
  return (value < 10 ? small : value < 100 ? middle : whole).format(value)
}

export function formatShare(share: number | null): string {
  if (share === null) return NO_FIGURE
  return share > 0 && share < 0.005 ? '< 1%' : `${whole.format(share * 100)}%`
}

/** A quantile: `3.4 ms`, `140 ms`, `2.1 s`, `12 min 03 s`. */
export function formatQuantile(ms: number | null, format: (ms: number) => string): string {
  if (ms === null) return NO_FIGURE
  return ms < 10 ? `${middle.format(ms)} ms` : format(ms)
}
