import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import type { AppRouter } from '#server/web/trpc/router.ts'

/** What each procedure answers, by its path: `RouterOutputs['live']['board']`. */
export type RouterOutputs = inferRouterOutputs<AppRouter>

/** What each procedure takes. */
export type RouterInputs = inferRouterInputs<AppRouter>

export type Overview = RouterOutputs['overview']['get']
export type StoreSummary = Overview['stores'][number]

export type Freshness = RouterOutputs['freshness']['get']
export type PartitionLag = Freshness['batch']['partitions'][number]

export type SideBySide = RouterOutputs['sideBySide']['get']
export type SideBySideScope = SideBySide['scope']
export type BatchBasis = SideBySide['batchBasis']
export type StreamBasis = SideBySide['streamBasis']
export type SalesFigures = NonNullable<SideBySide['days'][number]['batch']>
export type HourlyFigures = NonNullable<SideBySide['hours'][number]['batch']>
export type OtherAnswer = SideBySide['others'][number]
export type PairComparison = OtherAnswer['withBatch'][number]
export type MetricComparison = SideBySide['metrics'][number]
export type DifferenceClass = MetricComparison['classes'][number]
export type EventCause = RouterOutputs['sideBySide']['events']['cause']
export type DifferenceEvent = RouterOutputs['sideBySide']['events']['events'][number]

export type Report = RouterOutputs['reports']['get']
export type ReportRow = Report['rows'][number]
export type ReportBasis = Report['basis']
export type Settlement = Report['settlement']
export type DayState = NonNullable<Settlement['state']>
export type Change = Pick<ReportRow, 'before' | 'change' | 'percent' | 'isNew'>
export type AlertActionChange = RouterOutputs['restock']['act'][number]
export type AlertJudged = NonNullable<RouterOutputs['alerts']['act']>
