import { likePattern } from '#server/serving/scope.ts'
import { inSpan } from './like-moment.ts'
import type { ReportTable, TableRow } from './question.ts'

/*
 * Of the table below the view reports.daily_reviews, which adds the stores up. A rating is the mean of the ratings
 * themselves, over time and over products.
 */

/** Reviews by day, week or month, each added up from days. */
export const REVIEWS: ReportTable = {
  read: (reading, { stores, request: { grain } }, span) => reading<TableRow[]>`
    select period::text as key,
      sum(reviews)::text as reviews,
      round(sum(rating_sum)::numeric / nullif(sum(reviews), 0), 4)::text as average_rating
    from (
      select date_trunc(${grain}, d.business_day::timestamp)::date as period, d.reviews, d.rating_sum
      from batch.daily_reviews d
      where ${inSpan(reading, span, 'd')} and d.store = any(${[...stores]})
    ) d
    group by grouping sets ((period), ())`,
  nothing: { reviews: '0', average_rating: null },
}

/** Reviews by product. */
export const REVIEWS_BY_PRODUCT: ReportTable = {
  read: (reading, { stores, request: { search } }, span) => reading<TableRow[]>`
    with reviewed as (
      select d.sku, sum(d.reviews) as reviews, sum(d.rating_sum) as rating_sum
      from batch.daily_reviews d
      where ${inSpan(reading, span, 'd')} and d.store = any(${[...stores]})
      group by d.sku
    ),
    listed as (
      select reviewed.*, coalesce(p.name, '') as name, coalesce(p.category, '') as category
      from reviewed left join ref.products p on p.sku = reviewed.sku
      where p.name ilike ${likePattern(search)} or reviewed.sku ilike ${likePattern(search)}
    )
    select sku as key, name, category,
      sum(reviews)::text as reviews,
      round(sum(rating_sum)::numeric / nullif(sum(reviews), 0), 4)::text as average_rating
    from listed
    group by grouping sets ((sku, name, category), ())`,
  nothing: { reviews: '0', average_rating: null },
}
