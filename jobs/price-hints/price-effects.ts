import type { Sql } from '#db/client.ts'
import { countPriceSales, measurePrices, readPriceChanges } from '#db/price-effects.ts'
import type { Transaction } from '#db/transaction.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'

/** So long after its end a price is looked at once more: what came late counts. */
const ENDED_DAYS = 60

/**
 * Measures every applied price that holds, or ended lately: what was sold in the log while it held, against the forecast of
 * when it was applied. All of it anew, so any number of runs ends the same.
 * @returns how many
 */
export async function writePriceEffects(sql: Sql, { runId }: { runId: number }): Promise<number> {
  return sql.begin('isolation level repeatable read', async transaction => {
    const at = await readNow(transaction)
    const changes = await readPriceChanges(transaction, at - ENDED_DAYS * DAY_MS)
    const through = await readEnds(transaction)
    const sales = await countPriceSales(transaction, changes, { after: new Map(), through })
    const measured = await measurePrices(transaction, changes, { sales, at })
    const rows = changes.flatMap(({ priceChange }) => {
      const counted = sales.get(priceChange)
      const found = measured.get(priceChange)
      if (!counted || !found) return []
      const { effect, margin, until } = found
      return [
        {
          ...{ priceChange, runId, margin, units: counted.units, net: counted.net },
          throughOffset: counted.through.offset,
          throughAt: new Date(counted.through.appendedAt).toISOString(),
          until: new Date(until).toISOString(),
          old: effect?.forecastOld ?? null,
          new: effect?.forecastNew.units ?? null,
          low: effect?.forecastNew.low ?? null,
          high: effect?.forecastNew.high ?? null,
          marginOld: effect?.marginOld ?? null,
          verdict: effect?.verdict ?? 'no forecast',
        },
      ]
    })
    await transaction`
      delete from batch.price_effects e
      where not (e.price_change = any(${rows.map(({ priceChange }) => priceChange)}::text[]))`
    await transaction`
      insert into batch.price_effects (price_change, through_offset, through_at, measured_until, units, net, forecast_old,
        forecast_new, forecast_low, forecast_high, margin, margin_old, verdict, run_id, computed_at)
      select "priceChange", "throughOffset", "throughAt", until, units, net, old, "new", low, high, margin, "marginOld",
        verdict, "runId", clock_timestamp()
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as e("priceChange" text, "throughOffset" bigint,
        "throughAt" timestamptz, until timestamptz, units bigint, net bigint, old double precision,
        "new" double precision, low double precision, high double precision, margin bigint, "marginOld" bigint,
        verdict text, "runId" bigint)
      on conflict (price_change) do update
      set through_offset = excluded.through_offset, through_at = excluded.through_at,
        measured_until = excluded.measured_until, units = excluded.units, net = excluded.net,
        forecast_old = excluded.forecast_old, forecast_new = excluded.forecast_new, forecast_low = excluded.forecast_low,
        forecast_high = excluded.forecast_high, margin = excluded.margin, margin_old = excluded.margin_old,
        verdict = excluded.verdict, run_id = excluded.run_id, computed_at = excluded.computed_at`
    return rows.length
  })
}

async function readNow(transaction: Transaction): Promise<Instant> {
  const [row] = await transaction<{ now: Instant }[]>`select clock_timestamp() as now`
  return row?.now ?? 0
}

/** Where the log ends, by partition, in the snapshot of the transaction. */
async function readEnds(transaction: Transaction): Promise<Map<number, number>> {
  const rows = await transaction<{ partition: number; offset: number }[]>`
    select p.partition, l."offset" from log.partitions p cross join lateral log.last_position(p.partition) l`
  return new Map(rows.map(({ partition, offset }) => [partition, offset]))
}
