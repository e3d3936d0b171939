import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import type { Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { formatInstant } from '#domain/instant.ts'
import { type Elasticity, elasticityOf, liftOf, PRIOR } from '#domain/price-hints/elasticity.ts'
import { hintOf } from '#domain/price-hints/markdown.ts'
import { dueOnceADay, type OtherJob } from '#jobs/ledger/other-jobs.ts'
import { writePriceEffects } from './price-effects.ts'
import { prepareFacts, readOffers, readShelves, writeUsualPrices } from './price-facts.ts'

/** Once a day: what lies on the shelves and does not sell, and the price that would clear it in time. */
export const priceHints: OtherJob = {
  name: 'price_hints',
  isReady: dueOnceADay('price_hints'),
  run: ({ databaseUrl, runId }) =>
    withConnection(databaseUrl, { applicationName: 'tillstream price hints' }, async sql => {
      const today = formatInstant(Date.now()).slice(0, 10)
      const { hints, elasticities } = await writePriceHints(sql, { today, runId })
      const effects = await writePriceEffects(sql, { runId })
      const detail = `${hints} price hints, by the elasticities of ${elasticities} categories; ${effects} applied prices measured`
      return { text: `${detail}.\n`, json: { hints, elasticities, effects }, detail, rowCount: hints }
    }),
}

/**
 * Works out the hints anew, in place of those of the run before, by whole days before `today`.
 * @returns how many, and of how many categories offers told the elasticity
 */
export async function writePriceHints(
  sql: Sql,
  { today, runId }: { today: BusinessDay; runId: number },
): Promise<{ hints: number; elasticities: number }> {
  return sql.begin(async transaction => {
    await prepareFacts(transaction, today)
    const offers = Map.groupBy(await readOffers(transaction), ({ category }) => category)
    const elasticities = new Map<string, Elasticity>(
      [...offers].map(([category, own]) => [category, elasticityOf(own)]),
    )
    const rows = (await readShelves(transaction, today)).flatMap(shelf => {
      const elasticity = elasticities.get(shelf.category) ?? PRIOR
      const { usualPrice, price } = shelf
      // Where a price has been changed, what is sold now is more, or less, than what was learned at the usual one.
      const lift = usualPrice === null || price === null ? 1 : liftOf(elasticity.mean, usualPrice, price)
      const hint = hintOf({ ...shelf, demandPerDay: shelf.demandPerDay * lift }, elasticity)
      if (hint === null) return []
      const { price: hintPrice, ...rest } = hint
      const { mean, deviation, offers: learned } = elasticity
      return [{ ...shelf, ...rest, hintPrice, elasticity: mean, deviation, learned, runId }]
    })
    await writeUsualPrices(transaction, runId)
    await writeElasticities(transaction, elasticities)
    await transaction`delete from batch.price_hints`
    await transaction`
      insert into batch.price_hints (store, sku, kind, business_day, on_hand, demand_per_day, days_of_cover, currency,
        price, unit_cost, elasticity, elasticity_deviation, offers, units_to_clear, discount, hint_price, discount_today,
        units, units_low, units_high, clears, run_id)
      select store, sku, kind, "businessDay", "onHand", "demandPerDay", "daysOfCover", currency, price, "unitCost",
        elasticity, deviation, learned, "unitsToClear", discount, "hintPrice", "discountToday", units, "unitsLow",
        "unitsHigh", clears, "runId"
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as hint(store text, sku text, kind text,
        "businessDay" date, "onHand" bigint, "demandPerDay" double precision, "daysOfCover" double precision,
        currency text, price bigint, "unitCost" bigint, elasticity double precision, deviation double precision,
        learned integer, "unitsToClear" bigint, discount numeric, "hintPrice" bigint, "discountToday" numeric,
        units double precision, "unitsLow" double precision, "unitsHigh" double precision, clears boolean, "runId" bigint)`
    return { hints: rows.length, elasticities: elasticities.size }
  })
}

/** What was learned of categories, where it is not what was known before. It holds from now on. */
async function writeElasticities(
  transaction: Transaction,
  elasticities: ReadonlyMap<string, Elasticity>,
): Promise<void> {
  const learned = [...elasticities].map(([category, one]) => ({ category, ...one }))
  await transaction`
    insert into ref.price_elasticities (category, valid_from, mean, deviation, offers)
    select l.category, clock_timestamp(), l.mean, l.deviation, l.offers
    from jsonb_to_recordset(${JSON.stringify(learned)}::text::jsonb)
      as l(category text, mean double precision, deviation double precision, offers integer)
    left join lateral (
      select k.mean, k.deviation, k.offers from ref.price_elasticities k
      where k.category = l.category order by k.valid_from desc limit 1
    ) known on true
    where (l.mean, l.deviation, l.offers) is distinct from (known.mean, known.deviation, known.offers)`
}
