import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'
import { type Amount, formatAmount } from '#domain/money.ts'
import { openUnits, unitsOverDelivered } from '#domain/purchase.ts'
import { type DraftProblem, draftProblems, goodsValue } from '#domain/purchasing/draft.ts'
import { type LineState, lineState, type OrderState, orderState } from '#domain/purchasing/order.ts'
import { readLag, readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { type LiveStand, standOf } from '#server/serving/live-board/stand.ts'
import { type OrderLine, readLines } from './order-lines.ts'
import { amountTerms, readProductTerms, readSupplierTerms } from './terms.ts'

/** An order as it lies on the board. */
export interface OrderCard {
  order: string
  supplier: string
  supplierName: string
  currency: string
  state: OrderState
  isExpress: boolean
  /** Goods and express, as far as costs are known. */
  value: string
  lines: number
  /** Names, of the stores it goes to. */
  stores: string[]
  /** Units over all lines. */
  ordered: number
  received: number
  open: number
  over: number
  /** Cancelled: it came short by so many. */
  short: number
  createdBy: string | null
  createdAt: Instant
  /** Of a rule that ordered by itself; null: a person did. */
  autoRule: number | null
  placedBy: string | null
  placedAt: Instant | null
  confirmedAt: Instant | null
  /** What the supplier said last, and what was asked for until then. */
  expectedAt: Instant | null
  /** Why the intake will not take something of it; null: nothing stands against it. */
  refusal: string | null
}

export interface OrderBoard {
  orders: OrderCard[]
  /** Everybody who delivers something, with the currency of their terms. */
  suppliers: { supplier: string; name: string; currency: string }[]
  now: Instant
  stand: LiveStand
  basis: StreamBasis
}

/** What is settled stays on the board for so long. */
const SETTLED_SHOWN_DAYS = 14
const MOST_ORDERS = 500

interface OrderRow {
  order: string
  supplier: string
  supplierName: string
  currency: string
  isExpress: boolean
  expressFee: Amount
  budget: Amount | null
  note: string | null
  createdBy: string | null
  createdAt: Instant
  autoRule: number | null
  placedBy: string | null
  placedAt: Instant | null
  expectedAt: Instant | null
  isSent: boolean
  refusal: string | null
}

/** Drafts, what is on its way, and what came lately: the newest first. */
export async function readOrderBoard(sql: Sql): Promise<OrderBoard> {
  return readSnapshot(sql, async reading => {
    const streamStand = await readStreamStand(reading)
    const { now, basis } = streamStand
    const stand = standOf(streamStand, await readLag(reading, streamStand.positions))
    const rows = await reading<OrderRow[]>`
      ${orderColumns(reading)} order by coalesce(o.placed_at, o.created_at) desc, o.purchase_order desc
      limit ${MOST_ORDERS}`
    const lines = Map.groupBy(
      await readLines(
        reading,
        rows.map(({ order }) => order),
      ),
      ({ order }) => order,
    )
    const oldest = now - SETTLED_SHOWN_DAYS * DAY_MS
    const orders = rows
      .map(row => toCard(row, lines.get(row.order) ?? [], now))
      .filter(
        ({ state, placedAt }) => !['received', 'cancelled'].includes(state) || (placedAt ?? now) >= oldest,
      )
    const suppliers = await reading<OrderBoard['suppliers']>`
      select s.supplier, s.name, min(t.currency) as currency
      from ref.suppliers s join ref.supply_terms t on t.supplier = s.supplier and t.valid_from <= now()
      group by s.supplier, s.name order by s.name`
    return { orders, suppliers: [...suppliers], now, stand, basis }
  })
}

export interface OrderDetail extends OrderCard {
  budget: string | null
  expressFee: string
  note: string | null
  items: (Pick<
    OrderLine,
    'store' | 'storeName' | 'sku' | 'productName' | 'units' | 'note' | 'cancelled' | 'received'
  > & {
    unitCost: string | null
    cost: string | null
    packSize: number
    open: number
    over: number
    state: LineState
  })[]
  /** What stands against placing a draft; empty for all else. */
  problems: DraftProblem[]
  /** What the supplier asks for and offers. */
  terms: {
    minimumValue: string | null
    deliveryDays: number[] | null
    express: { minutes: number; fee: string } | null
  }
  /** What people did about it, the newest last. */
  doings: {
    kind: string
    store: string
    units: number
    by: string | null
    at: Instant
    state: 'sent' | 'waiting' | 'refused'
  }[]
  now: Instant
  stand: LiveStand
  basis: StreamBasis
}

/** Null: there is no such order. */
export async function readOrder(sql: Sql, order: string): Promise<OrderDetail | null> {
  return readSnapshot(sql, async reading => {
    const streamStand = await readStreamStand(reading)
    const { now, basis } = streamStand
    const stand = standOf(streamStand, await readLag(reading, streamStand.positions))
    const [row] = await reading<OrderRow[]>`${orderColumns(reading)} where o.purchase_order = ${order}`
    if (!row) return null
    const lines = await readLines(reading, [order])
    const products = await readProductTerms(
      reading,
      lines.map(({ sku }) => sku),
    )
    const supplierTerms = await readSupplierTerms(reading, row.supplier)
    const { minimumValue, express } = amountTerms(supplierTerms, row.currency)
    const packed = lines.map(line => ({ ...line, packSize: products.get(line.sku)?.packSize ?? 1 }))
    const { expressFee, budget, currency, note } = row
    const doings = await reading<OrderDetail['doings']>`
      select o.body ->> 'type' as kind, coalesce(s.name, o.body ->> 'store') as store,
        (select sum((line ->> 'units')::bigint) from jsonb_array_elements(o.body -> 'lines') line)::bigint as units,
        o.written_by as by, o.written_at as at,
        case when o.refusal is not null then 'refused' when o.sent_at is null then 'waiting' else 'sent' end as state
      from purchasing.outbox o left join ref.stores s on s.store = o.body ->> 'store'
      where o.purchase_order = ${order} order by o.message`
    return {
      ...toCard(row, lines, now),
      budget: budget === null ? null : formatAmount(budget),
      expressFee: formatAmount(expressFee),
      note,
      items: packed.map(line => ({
        store: line.store,
        storeName: line.storeName,
        sku: line.sku,
        productName: line.productName,
        units: line.units,
        note: line.note,
        cancelled: line.cancelled,
        received: line.received,
        unitCost: line.unitCost === null ? null : formatAmount(line.unitCost),
        cost: line.unitCost === null ? null : formatAmount(goodsValue([line])),
        packSize: line.packSize,
        open: openUnits(line),
        over: unitsOverDelivered(line),
        state: lineState(line),
      })),
      problems:
        row.placedAt === null
          ? draftProblems({ currency, lines: packed, expressFee, budget, minimumValue })
          : [],
      terms: {
        minimumValue: minimumValue === null ? null : formatAmount(minimumValue),
        deliveryDays: supplierTerms.deliveryDays,
        express: express && { minutes: express.minutes, fee: formatAmount(express.fee) },
      },
      doings: [...doings],
      now,
      stand,
      basis,
    }
  })
}

function orderColumns(reading: Reading) {
  return reading`
    select o.purchase_order as "order", o.supplier, s.name as "supplierName", o.currency,
      o.is_express as "isExpress", o.express_fee as "expressFee", o.budget, o.note, o.created_by as "createdBy",
      o.created_at as "createdAt", o.auto_rule as "autoRule", o.placed_by as "placedBy", o.placed_at as "placedAt",
      o.expected_at as "expectedAt", sending.waiting = 0 as "isSent", sending.refusal
    from purchasing.orders o
    join ref.suppliers s on s.supplier = o.supplier
    cross join lateral (
      select count(*) filter (where sent_at is null and refusal is null and body ->> 'type' = 'purchase.placed')
          as waiting,
        min(refusal) as refusal
      from purchasing.outbox m where m.purchase_order = o.purchase_order
    ) sending`
}

function toCard(row: OrderRow, lines: readonly OrderLine[], now: Instant): OrderCard {
  const { expressFee, budget: _, note: __, isSent, ...card } = row
  const newest = (times: readonly (Instant | null)[]) =>
    times.reduce<Instant | null>((last, time) => (time === null ? last : Math.max(last ?? time, time)), null)
  const expectedAt = newest(lines.map(line => line.expectedAt)) ?? row.expectedAt
  const confirmedAt = newest(lines.map(line => line.confirmedAt))
  const sum = (of: (line: OrderLine) => number) => lines.reduce((total, line) => total + of(line), 0)
  return {
    ...card,
    state: orderState({ placedAt: row.placedAt, isSent, confirmedAt, expectedAt, lines }, now),
    value: formatAmount(goodsValue(lines) + BigInt(expressFee)),
    lines: lines.length,
    stores: [...new Set(lines.map(({ storeName }) => storeName))].sort(),
    ordered: sum(({ ordered }) => ordered),
    received: sum(({ received }) => received),
    open: row.placedAt === null ? 0 : sum(openUnits),
    over: sum(unitsOverDelivered),
    short: sum(({ ordered, cancelled }) => Math.min(ordered, cancelled)),
    confirmedAt,
    expectedAt,
  }
}
