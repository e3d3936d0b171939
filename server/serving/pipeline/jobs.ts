/** A job as the page offers it. */
export interface PipelineJob {
  job: string
  summary: string
  /** What a run covers; null for jobs that fill no report. */
  grain: 'day' | 'week' | 'month' | null
  /** every-tick: also while the day goes on. day-ended: once the cut-over has passed. */
  cadence: 'every-tick' | 'day-ended' | null
  /** New events of a period make it outdated; other reports follow those they are computed from. */
  readsEvents: boolean
  readsTillReports: boolean
  takesRange: boolean
}

function report(
  job: string,
  grain: 'day' | 'week' | 'month',
  summary: string,
  more: Partial<Pick<PipelineJob, 'cadence' | 'readsEvents' | 'readsTillReports'>> = {},
): PipelineJob {
  return {
    job,
    summary,
    grain,
    cadence: 'day-ended',
    readsEvents: true,
    readsTillReports: false,
    takesRange: true,
    ...more,
  }
}

function other(job: string, summary: string, takesRange: boolean): PipelineJob {
  return {
    job,
    summary,
    grain: null,
    cadence: null,
    readsEvents: false,
    readsTillReports: false,
    takesRange,
  }
}

/**
 * Every job, in order of dependency. Told again here, because nothing that reads may import the batch path;
 * a browser test compares this list with the reports there are.
 */
export const JOBS: readonly PipelineJob[] = [
  report('daily_sales', 'day', 'sales per business day, store and channel', { cadence: 'every-tick' }),
  report('hourly_sales', 'day', 'sales per hour of a business day', { cadence: 'every-tick' }),
  report('daily_product_sales', 'day', 'sales per business day and product', { cadence: 'every-tick' }),
  report('daily_inventory', 'day', 'stock per business day and product'),
  report('daily_reviews', 'day', 'customer reviews per business day and product'),
  report('completeness', 'day', 'Z reports of the tills against the log', { readsTillReports: true }),
  report('weekly_sales', 'week', 'sales per week (from Monday)'),
  report('monthly_sales', 'month', 'sales per month'),
  report('monthly_product_sales', 'month', 'sales per month and product', { readsEvents: false }),
  report('monthly_category_sales', 'month', 'sales per month and category', { readsEvents: false }),
  report('monthly_tenders', 'month', 'what was paid per month and means of payment'),
  report('monthly_inventory', 'month', 'stock per month and product, with turnover and cover', {
    readsEvents: false,
  }),
  other('reconciliation', 'stream against batch, every difference explained', true),
  other('journal_import', 'loads the journal files that lie ready in the drop folder', false),
  other('reviews_import', 'loads the review files that lie ready in the drop folder', false),
  other('ledger_retention', 'removes old attempts from the ledger', false),
]

/** Every report of a range at once, in order of dependency. */
export const ALL_JOBS = 'all'

export function findJob(name: string): PipelineJob | undefined {
  return JOBS.find(({ job }) => job === name)
}
