import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { DayRange } from './periods.ts'

/** What was cheaper for a while, or why all shops were full. Both days included. */
export interface NamedPromotion {
  title: string
  firstDay: BusinessDay
  lastDay: BusinessDay
  /** Off the price, as a fraction; null: nothing is cheaper for it. */
  discount: number | null
  /** Of the products that there are, as a fraction. */
  share: number
}

/** The promotions that touch a range, as reference data names them; the widest first. */
export async function readPromotions(reading: Reading, { from, to }: DayRange): Promise<NamedPromotion[]> {
  return reading<NamedPromotion[]>`
    select title, first_day as "firstDay", last_day as "lastDay", discount::float8 as discount,
      case when skus is null then 1
        else least(1, cardinality(skus)::float8 / greatest(1, (select count(*) from ref.products))) end as share
    from ref.promotions where last_day >= ${from} and first_day <= ${to}
    order by share desc, first_day, promotion`
}
