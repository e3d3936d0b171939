import type { Sql } from '#db/client.ts'
import {
  countPriceSales,
  measurePrices,
  type PriceChange,
  type PriceSales,
  readPriceChanges,
} from '#db/price-effects.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'
import { type Amount, formatAmount } from '#domain/money.ts'
import type { EffectVerdict } from '#domain/price-hints/price-effect.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'

/** So long after its end a price is shown. */
const ENDED_DAYS = 28

/** What a price was to do, and what it has done: units and, as decimals, money. */
interface ShownEffect {
  until: Instant
  sold: number
  /** What was asked for one in the mean; null: nothing was sold. */
  meanPrice: string | null
  margin: string
  /** Null: no demand was forecast. */
  forecast: {
    old: number
    new: number
    low: number
    high: number
    marginOld: string
    verdict: EffectVerdict
  } | null
}

export interface AppliedPrice
  extends Pick<
    PriceChange,
    | 'priceChange'
    | 'store'
    | 'sku'
    | 'kind'
    | 'currency'
    | 'validFrom'
    | 'validTo'
    | 'unitsBefore'
    | 'offers'
    | 'appliedBy'
    | 'appliedAt'
    | 'endedBy'
  > {
  productName: string | null
  oldPrice: string
  newPrice: string
  /** waiting: its event is not in the log yet; planned: it begins later. */
  state: 'waiting' | 'planned' | 'holds' | 'ended' | 'refused'
  /** Why the intake did not take its event; null: it did, or will. */
  refusal: string | null
  live: ShownEffect
  /** As of the last night; null: none has measured it yet. */
  night: (ShownEffect & { runId: number }) | null
}

export interface AppliedPrices {
  prices: AppliedPrice[]
  now: Instant
  basis: StreamBasis
}

interface NightRow extends PriceSales {
  priceChange: string
  measuredUntil: Instant
  forecastOld: number | null
  forecastNew: number | null
  forecastLow: number | null
  forecastHigh: number | null
  margin: Amount
  marginOld: Amount | null
  verdict: EffectVerdict | 'no forecast'
  runId: number
}

/**
 * Prices that people applied, with what each has done so far: what the night counted, and what the log holds behind it up to
 * where the stream has read.
 */
export async function readAppliedPrices(
  sql: Sql,
  { stores }: { stores: readonly string[] },
): Promise<AppliedPrices> {
  return readSnapshot(sql, async reading => {
    const { now, basis, positions } = await readStreamStand(reading)
    const all = await readPriceChanges(reading, now - ENDED_DAYS * DAY_MS)
    const changes = all.filter(({ store }) => stores.length === 0 || stores.includes(store))
    if (changes.length === 0) return { prices: [], now, basis }
    const nights = await readNights(reading, changes)
    const through = new Map(positions.map(({ partition, through: offset }) => [partition, offset]))
    const sales = await countPriceSales(reading, changes, { after: nights, through })
    const measured = await measurePrices(reading, changes, { sales, at: now })
    const said = await readSaid(reading, changes)
    return {
      prices: changes.map(change => {
        const found = measured.get(change.priceChange)
        const sold = sales.get(change.priceChange) ?? { units: 0, net: 0 }
        const night = nights.get(change.priceChange)
        const { name, refusal, isSent } = said.get(change.priceChange) ?? NOTHING_SAID
        const effect = found?.effect ?? null
        return {
          ...shownOf(change),
          productName: name,
          refusal,
          state: refusal === null ? stateOf(change, { isSent, now }) : 'refused',
          live: shownEffect({
            ...{ until: found?.until ?? change.validFrom, units: sold.units, net: sold.net },
            margin: found?.margin ?? 0,
            forecast: effect && {
              ...{ old: effect.forecastOld, new: effect.forecastNew.units, low: effect.forecastNew.low },
              ...{ high: effect.forecastNew.high, marginOld: effect.marginOld, verdict: effect.verdict },
            },
          }),
          night: night ? { ...shownEffect(nightOf(night)), runId: night.runId } : null,
        }
      }),
      now,
      basis,
    }
  })
}

const NOTHING_SAID = { name: null, refusal: null, isSent: true }

function stateOf(
  { validFrom, validTo }: PriceChange,
  { isSent, now }: { isSent: boolean; now: Instant },
): AppliedPrice['state'] {
  if (validTo !== null && validTo <= now) return 'ended'
  if (!isSent) return 'waiting'
  return validFrom > now ? 'planned' : 'holds'
}

function shownOf(change: PriceChange) {
  const { priceChange, store, sku, kind, currency, validFrom, validTo, unitsBefore, offers } = change
  const { oldPrice, newPrice, appliedBy, appliedAt, endedBy } = change
  return {
    ...{ priceChange, store, sku, kind, currency, validFrom, validTo, unitsBefore, offers },
    ...{ oldPrice: formatAmount(oldPrice), newPrice: formatAmount(newPrice), appliedBy, appliedAt, endedBy },
  }
}

function shownEffect({
  until,
  units,
  net,
  margin,
  forecast,
}: {
  until: Instant
  units: number
  net: Amount
  margin: Amount
  forecast: (Omit<NonNullable<ShownEffect['forecast']>, 'marginOld'> & { marginOld: Amount }) | null
}): ShownEffect {
  return {
    until,
    sold: units,
    meanPrice: units > 0 ? formatAmount(Math.round(net / units)) : null,
    margin: formatAmount(margin),
    forecast: forecast && { ...forecast, marginOld: formatAmount(forecast.marginOld) },
  }
}

function nightOf(row: NightRow): Parameters<typeof shownEffect>[0] {
  const { verdict, forecastOld, forecastNew, forecastLow, forecastHigh, marginOld } = row
  const isForecast = verdict !== 'no forecast' && forecastOld !== null && forecastNew !== null
  return {
    ...{ until: row.measuredUntil, units: row.units, net: row.net, margin: row.margin },
    forecast: isForecast
      ? {
          ...{ old: forecastOld, new: forecastNew, low: forecastLow ?? 0, high: forecastHigh ?? 0 },
          ...{ marginOld: marginOld ?? 0, verdict },
        }
      : null,
  }
}

async function readNights(reading: Reading, changes: readonly PriceChange[]): Promise<Map<string, NightRow>> {
  const rows = await reading<
    (Omit<NightRow, 'through'> & { throughOffset: number; throughAt: Instant; isOfEnd: boolean })[]
  >`
    select e.price_change as "priceChange", e.through_offset as "throughOffset", e.through_at as "throughAt", e.units, e.net,
      e.measured_until as "measuredUntil", e.forecast_old as "forecastOld", e.forecast_new as "forecastNew",
      e.forecast_low as "forecastLow", e.forecast_high as "forecastHigh", e.margin, e.margin_old as "marginOld", e.verdict,
      e.run_id as "runId"
    from batch.price_effects e
    where e.price_change = any(${changes.map(({ priceChange }) => priceChange)}::text[])`
  return new Map(
    rows.map(({ throughOffset, throughAt, ...row }) => [
      row.priceChange,
      { ...row, through: { offset: throughOffset, appendedAt: throughAt } },
    ]),
  )
}

/** What products are called, and what became of the event that says each price. */
async function readSaid(
  reading: Reading,
  changes: readonly PriceChange[],
): Promise<Map<string, { name: string | null; refusal: string | null; isSent: boolean }>> {
  const rows = await reading<
    { priceChange: string; name: string | null; refusal: string | null; isSent: boolean }[]
  >`
    select c.price_change as "priceChange", p.name, o.refusal, o.sent_at is not null as "isSent"
    from purchasing.price_changes c
    left join ref.products p on p.sku = c.sku
    left join purchasing.outbox o on o.body ->> 'id' = c.price_change || '/applied'
    where c.price_change = any(${changes.map(({ priceChange }) => priceChange)}::text[])`
  return new Map(rows.map(({ priceChange, ...said }) => [priceChange, said]))
}
