import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import type { Location } from '#domain/great-circle.ts'
import type { Instant } from '#domain/instant.ts'
import { proposeTransfers, type TransferPlace, type TransferStock } from '#domain/replenishment/transfer.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { databaseNow, tellOrders, writeEvents } from './outbox.ts'
import type { Actor } from './people.ts'

export interface ProposedTransfer {
  sku: string
  productName: string | null
  from: string
  fromName: string
  to: string
  toName: string
  units: number
  arrivesAt: Instant
  /** When a supplier's goods would be there; null: nobody knows. */
  nextDeliveryAt: Instant | null
}

/** What other stores could pass on sooner than a supplier delivers, for every product of a store that is short. */
export async function readTransferProposals(
  sql: Sql,
): Promise<{ transfers: ProposedTransfer[]; basis: StreamBasis }> {
  return readSnapshot(sql, async reading => {
    const { now, basis } = await readStreamStand(reading)
    const places = await reading<
      (TransferPlace & { name: string; latitude: number | null; longitude: number | null })[]
    >`
      select s.store, s.name, s.zone, s.currency, v.latitude, v.longitude
      from ref.current_stores s
      left join lateral (
        select latitude, longitude from ref.store_versions
        where store = s.store and valid_from <= now()::date order by valid_from desc limit 1
      ) v on true`
    const stocks = await reading<(TransferStock & { productName: string | null })[]>`
      with short as (
        select distinct e.sku from stream.episodes e where e.generation = ${basis.generation} and e.state = 'open'
      )
      select s.store, s.sku, p.name as "productName", s.on_hand as "onHand", policy.reorder_point as "reorderPoint",
        coalesce(forecast.per_day, (policy.order_up_to - policy.reorder_point)
          / nullif(greatest(policy.lead_time_days, 1), 0)::float8, 0)::float8 as "demandPerDay",
        least(coming.expected_at, now() + terms.lead_time_days * interval '1 day') as "nextDeliveryAt"
      from short
      join stream.stock s on s.generation = ${basis.generation} and s.sku = short.sku and s.on_hand is not null
      left join ref.products p on p.sku = s.sku
      cross join lateral (
        select reorder_point, order_up_to, lead_time_days from ref.stock_policies
        where store = s.store and sku = s.sku and valid_from <= now() order by valid_from desc limit 1
      ) policy
      left join lateral (
        select (select avg(units) from unnest(f.units_by_weekday) units) as per_day from ref.demand_forecasts f
        where f.store = s.store and f.sku = s.sku and f.valid_from <= now() order by f.valid_from desc limit 1
      ) forecast on true
      left join lateral (
        select min(greatest(c.expected_at, now())) as expected_at from stream.purchases c
        where c.generation = s.generation and c.store = s.store and c.sku = s.sku and c.ordered > c.cancelled + c.received
      ) coming on true
      left join lateral (
        select lead_time_days from ref.supply_terms t
        where t.sku = s.sku and t.valid_from <= now() order by t.valid_from desc limit 1
      ) terms on true`
    const names = new Map(places.map(({ store, name }) => [store, name]))
    const byStore = new Map(places.map(place => [place.store, { ...place, location: locationOf(place) }]))
    const known = new Map(stocks.map(stock => [JSON.stringify([stock.store, stock.sku]), stock]))
    return {
      transfers: proposeTransfers(stocks, byStore, now).map(proposal => {
        const taker = known.get(JSON.stringify([proposal.to, proposal.sku]))
        return {
          ...proposal,
          productName: taker?.productName ?? null,
          fromName: names.get(proposal.from) ?? proposal.from,
          toName: names.get(proposal.to) ?? proposal.to,
          nextDeliveryAt: taker?.nextDeliveryAt ?? null,
        }
      }),
      basis,
    }
  })
}

function locationOf({
  latitude,
  longitude,
}: {
  latitude: number | null
  longitude: number | null
}): Location | null {
  return latitude === null || longitude === null ? null : { latitude, longitude }
}

export const transferSchema = z
  .strictObject({
    /** Names this transfer: entering it twice books it once. */
    transfer: z.string().regex(/^[\w-]{8,64}$/),
    from: z.string().min(1).max(128),
    to: z.string().min(1).max(128),
    sku: z.string().min(1).max(128),
    units: z.int().min(1, { error: 'pass on at least one unit' }).max(1_000_000),
  })
  .refine(({ from, to }) => from !== to, { error: 'goods are passed on to another store' })

/**
 * Books that goods go from one store to another: a `stock.transferred` waits to be sent afterwards.
 * @throws RefusedError when the store has not got so many, or something is unknown
 */
export async function transferGoods(
  sql: Sql,
  { transfer, from, to, sku, units }: z.output<typeof transferSchema>,
  by: Actor,
): Promise<void> {
  await sql.begin(async transaction => {
    const id = `transfer/${transfer}`
    // One after the other of a product: two people do not give away the same box.
    await transaction`select pg_advisory_xact_lock(hashtextextended('tillstream.transfer.' || ${sku}, 0))`
    const [known] = await transaction<
      { isKnown: boolean; toName: string | null; onHand: number | null; leaving: number }[]
    >`
      select exists (select from purchasing.outbox where body ->> 'id' = ${id}) as "isKnown",
        (select name from ref.stores where store = ${to}) as "toName",
        (select s.on_hand from stream.stock s join stream.active_generation using (generation)
          where s.store = ${from} and s.sku = ${sku}) as "onHand",
        coalesce((
          select sum((line ->> 'units')::bigint)
          from purchasing.outbox o cross join lateral jsonb_array_elements(o.body -> 'lines') line
          where o.sent_at is null and o.refusal is null and o.body ->> 'type' = 'stock.transferred'
            and o.body ->> 'store' = ${from} and line ->> 'sku' = ${sku}), 0)::bigint as leaving`
    if (!known || known.isKnown) return
    if (known.toName === null) throw new RefusedError(`${to}: no such store.`)
    if (known.onHand === null)
      throw new RefusedError(`What ${from} has of ${sku} is not known: count it first.`)
    const left = Math.max(0, known.onHand - known.leaving)
    if (left < units) throw new RefusedError(`${from} has ${left} of ${sku}, and ${units} were to go.`)
    const now = await databaseNow(transaction)
    await writeEvents(
      transaction,
      [{ type: 'stock.transferred', id, store: from, toStore: to, lines: [{ sku, units }] }],
      { purchaseOrder: null, by, at: now },
    )
    await tellOrders(transaction, null)
  })
}
