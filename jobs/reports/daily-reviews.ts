import type { ReportDefinition } from './report.ts'

/** Reviews posted on a business day, per product; the sum of ratings, so that means of any period are exact. */
export const dailyReviews: ReportDefinition = {
  version: '1',
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
