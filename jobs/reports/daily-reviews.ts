import type { Report } from '#jobs/run/report.ts'

/** Reviews posted on a business day, per product; the sum of ratings, so that means of any period are exact. */
export const dailyReviews: Report = {
  name: 'daily_reviews',
  version: '1',
  summary: 'customer reviews per business day, store and product',
  grain: 'day',
  cadence: 'day-ended',
  days: 'with-events',
  reads: ['events'],
  inputs: [],
  references: [],
  isChained: false,
  isPublishing: false,
  isGrowing: true,
  table: {
    name: 'daily_reviews',
    period: 'business_day',
    key: ['sku'],
    values: ['reviews', 'rating_sum'],
  },
  checks: [],
  figures: ({ sql, days, isRead }) => sql`
    with reviews as (
      select e.store, e.business_day, e.details ->> 'sku' as sku, count(*) as reviews,
        batch.exact_sum((e.details ->> 'rating')::bigint) as rating_sum
      from log.event_log e
      where ${isRead()} and e.type = 'review.posted'
      group by 1, 2, 3
    )
    select r.store, r.business_day, r.sku, r.reviews, r.rating_sum
    from reviews r
    join ${days()} on day.store = r.store and day.business_day = r.business_day`,
}
