import type { Fragment, Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { plainArray, textArray } from '#platform/pg-array.ts'
import type { StorePlan } from './plan-store.ts'

/** Puts a store's plan in the place of the one before, and beside what stands what says something else. */
export async function writePlan(
  transaction: Transaction,
  {
    store,
    day,
    plan,
    runId,
    basis,
    validFrom,
  }: {
    store: string
    day: BusinessDay
    plan: StorePlan
    runId: number
    /** The run of daily_inventory that its stock is from. */
    basis: { inventoryRun: number; partition: number; throughOffset: number }
    /** What is written into reference data holds from then on. */
    validFrom: Instant
  },
): Promise<void> {
  const { asOf, products, forecasts, policies } = plan
  const instants = (of: (product: StorePlan['products'][number]) => Instant | null): Fragment =>
    transaction`${textArray(products, product => isoOf(of(product)))}::text::text[]::timestamptz[]`
  const numbers = (of: (product: StorePlan['products'][number]) => number | null): Fragment =>
    transaction`${plainArray(products, of)}::text::double precision[]`
  await transaction`delete from batch.replenishment where store = ${store}`
  await transaction`
    insert into batch.replenishment (store, run_id, sku, supplier, verdict, on_hand, on_order, position, demand_per_day,
      days_of_cover, reorder_point, order_up_to, suggested_units, missed_units, missed_spread, runs_out_at,
      runs_out_early, runs_out_late, next_delivery_at, order_arrives_at, shortage_since)
    select ${store}, ${runId}, sku, supplier, verdict, on_hand, on_order, on_hand + on_order, demand_per_day,
      days_of_cover, reorder_point, order_up_to, suggested_units, missed_units, missed_spread, runs_out_at,
      runs_out_early, runs_out_late, next_delivery_at, order_arrives_at, shortage_since
    from unnest(
      ${textArray(products, ({ sku }) => sku)}::text::text[],
      ${textArray(products, ({ supplier }) => supplier)}::text::text[],
      ${textArray(products, ({ verdict }) => verdict)}::text::text[],
      ${numbers(({ onHand }) => onHand)}, ${numbers(({ onOrder }) => onOrder)},
      ${numbers(({ demandPerDay }) => demandPerDay)}, ${numbers(({ daysOfCover }) => daysOfCover)},
      ${numbers(({ reorderPoint }) => reorderPoint)}, ${numbers(({ orderUpTo }) => orderUpTo)},
      ${numbers(({ suggestedUnits }) => suggestedUnits)}, ${numbers(({ missedUnits }) => missedUnits)},
      ${numbers(({ missedSpread }) => missedSpread)},
      ${instants(({ runsOutAt }) => runsOutAt)}, ${instants(({ runsOutEarly }) => runsOutEarly)},
      ${instants(({ runsOutLate }) => runsOutLate)}, ${instants(({ nextDeliveryAt }) => nextDeliveryAt)},
      ${instants(({ orderArrivesAt }) => orderArrivesAt)}, ${instants(({ shortageSince }) => shortageSince)}
    ) as product(sku, supplier, verdict, on_hand, on_order, demand_per_day, days_of_cover, reorder_point, order_up_to,
      suggested_units, missed_units, missed_spread, runs_out_at, runs_out_early, runs_out_late, next_delivery_at,
      order_arrives_at, shortage_since)`
  await transaction`select batch.note_shortages(array[${store}])`
  if (forecasts.length > 0) {
    await transaction`
      insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
      select ${store}, sku, ${validFrom}, method, units_by_weekday::double precision[], spread, days
      from unnest(
        ${textArray(forecasts, ({ sku }) => sku)}::text::text[],
        ${textArray(forecasts, ({ method }) => method)}::text::text[],
        ${textArray(forecasts, ({ unitsByWeekday }) => `{${unitsByWeekday.join(',')}}`)}::text::text[],
        ${plainArray(forecasts, ({ spread }) => spread)}::text::double precision[],
        ${plainArray(forecasts, ({ days }) => days)}::text::integer[]
      ) as forecast(sku, method, units_by_weekday, spread, days)
      on conflict (store, sku, valid_from) do nothing`
  }
  if (policies.length > 0) {
    await transaction`
      insert into ref.stock_policies (store, sku, valid_from, source, reorder_point, order_up_to, lead_time_days,
        service_level, safety_stock, abc_class)
      select ${store}, sku, ${validFrom}, 'computed', reorder_point, order_up_to, lead_time_days, service_level,
        safety_stock, abc_class
      from unnest(
        ${textArray(policies, ({ sku }) => sku)}::text::text[],
        ${textArray(policies, ({ abcClass }) => abcClass)}::text::text[],
        ${plainArray(policies, ({ reorderPoint }) => reorderPoint)}::text::bigint[],
        ${plainArray(policies, ({ orderUpTo }) => orderUpTo)}::text::bigint[],
        ${plainArray(policies, ({ safetyStock }) => safetyStock)}::text::bigint[],
        ${plainArray(policies, ({ leadTimeDays }) => leadTimeDays)}::text::numeric[],
        ${plainArray(policies, ({ serviceLevel }) => serviceLevel)}::text::double precision[]
      ) as policy(sku, abc_class, reorder_point, order_up_to, safety_stock, lead_time_days, service_level)
      on conflict (store, sku, valid_from) do nothing`
  }
  await transaction`
    insert into batch.replenishment_plans (store, business_day, as_of, run_id, inventory_run, partition, through_offset,
      computed_at)
    values (${store}, ${day}, ${asOf}, ${runId}, ${basis.inventoryRun}, ${basis.partition}, ${basis.throughOffset},
      clock_timestamp())
    on conflict (store) do update set business_day = excluded.business_day, as_of = excluded.as_of,
      run_id = excluded.run_id, inventory_run = excluded.inventory_run, partition = excluded.partition, through_offset = excluded.through_offset,
      computed_at = excluded.computed_at`
}

function isoOf(instant: Instant | null): string | null {
  return instant === null ? null : formatInstant(instant)
}
