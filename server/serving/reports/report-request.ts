import { z } from 'zod'
import { GRAINS } from '#domain/calendar.ts'
import {
  COMPARISONS,
  FIGURE_NAMES,
  figuresOf,
  hasReportingCurrency,
  REPORTING_CURRENCY,
  VIEW_NAMES,
  VIEWS,
} from '#domain/report-views.ts'
import { businessDaySchema, daysBetween, MAX_SCOPE_DAYS, storesSchema } from '#server/serving/scope.ts'

/** Rows that one page of a long table holds. */
export const PAGE_ROWS = 50

/** A question to the reports. Both days are included; weeks and months are whole. */
export const reportRequestSchema = z
  .strictObject({
    view: z.enum(VIEW_NAMES),
    grain: z.enum(GRAINS).default('day'),
    from: businessDaySchema,
    to: businessDaySchema,
    /** Empty: all. */
    stores: storesSchema,
    /** A currency, or 'all' for amounts in the reporting currency. */
    currency: z.string().regex(new RegExp(`^([A-Z]{3}|${REPORTING_CURRENCY})$`), {
      error: `must be a three-letter currency code such as EUR, or '${REPORTING_CURRENCY}'`,
    }),
    compare: z.enum(COMPARISONS).default('none'),
    /** The figure that is compared row by row. */
    metric: z.enum(FIGURE_NAMES).nullish(),
    sort: z
      .strictObject({
        by: z.union([z.literal('key'), z.literal('before'), z.literal('change'), z.enum(FIGURE_NAMES)]),
        descending: z.boolean(),
      })
      .nullish(),
    /** From 1. */
    page: z.int().min(1).max(1_000_000).default(1),
    /** Part of a product's name or code. */
    search: z.string().max(100).default(''),
    /** Only rows whose stock ran out. */
    stockoutOnly: z.boolean().default(false),
  })
  .superRefine(({ view, grain, from, to, currency, metric, sort }, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    const days = daysBetween(from, to)
    if (days < 1) refuse('to', `"to" (${to}) lies before "from" (${from})`)
    if (days > MAX_SCOPE_DAYS) {
      refuse('to', `${from} to ${to} are ${days} days: ask for ${MAX_SCOPE_DAYS} at most`)
    }
    const { grains } = VIEWS[view]
    if (!grains.includes(grain)) refuse('grain', `${view} is told by ${grains.join(' or ')}, not by ${grain}`)
    if (currency === REPORTING_CURRENCY && VIEWS[view].isMoney && !hasReportingCurrency(view, grain)) {
      refuse('currency', `${view} by ${grain} is not told in the reporting currency: name one currency`)
    }
    const figures: readonly string[] = figuresOf(view, { grain, currency })
    for (const [path, name] of [
      ['metric', metric],
      ['sort', sort?.by],
    ] as const) {
      if (!name || name === 'key' || name === 'before' || name === 'change' || figures.includes(name))
        continue
      refuse(path, `${view} has no ${name}: choose one of ${figures.join(', ')}`)
    }
  })

export type ReportRequest = z.output<typeof reportRequestSchema>
