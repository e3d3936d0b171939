import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { HOUR_MS } from '#domain/instant.ts'
import { MEASURE_NAMES, MEASURES, measuresOf, type SalesFigures } from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'
import { windowState } from '#domain/window.ts'
import { readLiveStand } from '#server/serving/live-board/stand.ts'
import { type ActionRow, handlingOf } from '#server/serving/restock/alert-actions.ts'
import { type Checkpoint, lowestWatermark, readLaneEnd, type SaleRow, toLoggedSale } from './changes.ts'
import { type Cursor, encodeCursor, type Subscription, subscriptionOf } from './cursor.ts'
import { DETECTIONS } from './frame.ts'
import {
  DASHBOARD_TOPICS,
  type LiveAlert,
  type LiveDetection,
  type LiveSale,
  type LiveSnapshot,
  type LiveStock,
  type LiveWindow,
  MOST_DETECTIONS,
  type PipelineChange,
} from './messages.ts'

const SALES = 100
const WINDOWS_MS = 2 * HOUR_MS
const PIPELINE_CHANGES = 20
/** A store that sold nothing for this long shows no last sales: looking for them would read the whole log. */
const SALES_WITHIN_DAYS = 7

/** The state of the live tables for one subscription, and the cursor it stands for. */
export async function readLiveSnapshot(
  sql: Sql,
  subscription: Subscription,
): Promise<{ snapshot: LiveSnapshot; cursor: Cursor }> {
  // The stand first: what is known up to then is in a snapshot that is read after it.
  const stand = await readLiveStand(sql)
  return readSnapshot(sql, async reading => {
    const { cursor, watermarks, checkpoints } = await readLaneEnd(reading)
    const { generation } = cursor
    const wants = subscription.topics
    const [sales, windows, stock, alerts, detections, pipeline] = await Promise.all([
      wants.has('sales') ? readSales(reading, subscription, { generation, checkpoints }) : [],
      wants.has('windows') ? readWindows(reading, subscription, { generation, checkpoints }) : [],
      wants.has('stock') ? readStock(reading, subscription, generation) : [],
      wants.has('alerts') ? readAlerts(reading, subscription, generation) : [],
      wants.has('alerts') ? readDetections(reading, subscription, generation) : [],
      wants.has('pipeline') ? readPipeline(reading) : [],
    ])
    const snapshot = {
      cursor: encodeCursor(cursor, subscription.key),
      stand,
      watermark: lowestWatermark(watermarks),
      sales,
      windows,
      stock,
      alerts,
      detections,
      pipeline,
      told: cursor.ops,
    }
    return { cursor, snapshot }
  })
}

/** What a page of the dashboard is rendered with. Its socket goes on from the cursor of the snapshot. */
export async function readLiveBeginning(sql: Sql): Promise<LiveSnapshot> {
  const { snapshot } = await readLiveSnapshot(sql, subscriptionOf(DASHBOARD_TOPICS, []))
  return snapshot
}

function storeFilter(reading: Reading, { stores }: Subscription, column: string) {
  return stores.size > 0 ? reading`and ${reading(column)} = any(${[...stores]})` : reading``
}

async function readSales(
  reading: Reading,
  subscription: Subscription,
  { generation, checkpoints }: { generation: number; checkpoints: readonly Checkpoint[] },
): Promise<LiveSale[]> {
  const perPartition = await Promise.all(
    checkpoints
      .filter(({ offset }) => offset > 0)
      .map(
        ({ partition, offset, appendedAt, processedAt }) => reading<SaleRow[]>`
          select s."offset", s.appended_at as "appendedAt", s.source, s.id, s.type, s.store, s.channel,
            s.event_time as "eventTime", s.order_id as "orderId", s.units - s.units_returned as units, s.net,
            s.currency, s.lines,
            coalesce((
              select c.processed_at from stream.changes c
              where c.generation = ${generation} and c.partition = s.partition
                and c.through_offset >= s."offset"
              order by c.through_offset limit 1
            ), ${processedAt}::timestamptz) as "processedAt"
          from log.sales s
          where s.partition = ${partition} and s."offset" <= ${offset} and s.appended_at <= ${appendedAt}
            and s.appended_at >= ${appendedAt - SALES_WITHIN_DAYS * 24 * HOUR_MS}
            and not exists (
              select from stream.set_aside a
              where a.generation = ${generation} and a.partition = s.partition and a."offset" = s."offset")
            ${storeFilter(reading, subscription, 's.store')}
          order by s.appended_at desc, s."offset" desc
          limit ${SALES}`,
      ),
  )
  return perPartition
    .flat()
    .sort((one, other) => one.appendedAt - other.appendedAt || one.offset - other.offset)
    .slice(-SALES)
    .map(row => {
      const { appendedAt: _appendedAt, offset: _offset, ...sale } = toLoggedSale(row)
      return sale
    })
}

/** Amounts as text: one from the database may leave the safe integers. */
type WindowRow = Omit<LiveWindow, 'state'> & { partition: number }

const MEASURES_OF_WINDOW = MEASURE_NAMES.map(
  name => `w.${MEASURES[name].column}${MEASURES[name].kind === 'money' ? '::text' : ''} as "${name}"`,
).join(', ')

async function readWindows(
  reading: Reading,
  subscription: Subscription,
  { generation, checkpoints }: { generation: number; checkpoints: readonly Checkpoint[] },
): Promise<LiveWindow[]> {
  const rows = await reading<WindowRow[]>`
    with newest as (
      select max(last.window_start) as window_start
      from log.partitions p
      cross join lateral (
        select w.window_start from stream.windows w
        where w.generation = ${generation} and w.partition = p.partition
        order by w.window_start desc limit 1
      ) last
    )
    select w.store, w.channel, w.currency, w.window_start as "windowStart", w.partition, ${reading.unsafe(MEASURES_OF_WINDOW)},
      (w.gross - w.discounts - w.returns)::text as net, w.late_net::text as "lateNet", w.revision
    from stream.windows w, newest
    where w.generation = ${generation} and w.partition = any(${checkpoints.map(({ partition }) => partition)})
      and w.window_start > newest.window_start - ${WINDOWS_MS}::float8 * interval '1 millisecond'
      ${storeFilter(reading, subscription, 'w.store')}
    order by w.window_start, w.store, w.channel, w.currency`
  return rows.map(({ partition, ...row }) => ({
    ...row,
    ...(measuresOf(name => (MEASURES[name].kind === 'money' ? formatAmount(row[name]) : row[name])) as Omit<
      SalesFigures,
      'net'
    >),
    net: formatAmount(row.net),
    lateNet: formatAmount(row.lateNet),
    state: windowState(row.windowStart, checkpoints[partition]?.watermark ?? null),
  }))
}

async function readStock(
  reading: Reading,
  subscription: Subscription,
  generation: number,
): Promise<LiveStock[]> {
  return reading<LiveStock[]>`
    select s.store, s.sku, s.on_hand as "onHand", s.on_order as "onOrder", s.reorder_point as "reorderPoint",
      s.as_of as "asOf"
    from stream.stock s
    where s.generation = ${generation} and s.on_hand <= coalesce(s.reorder_point, 0)
      ${storeFilter(reading, subscription, 's.store')}
    order by s.store, s.sku`
}

async function readAlerts(
  reading: Reading,
  subscription: Subscription,
  generation: number,
): Promise<LiveAlert[]> {
  const rows = await reading<(LiveAlert & ActionRow)[]>`
    select e.alert_id as "alertId", e.store, e.sku, e.rule, e.severity, e.state, e.opened_at as "openedAt",
      e.on_hand as "onHand", e.on_order as "onOrder", e.reorder_point as "reorderPoint",
      e.projected_stockout_at as "projectedStockoutAt", e.next_delivery_at as "nextDeliveryAt",
      latest.kind as "actionKind", latest.snoozed_until as "snoozedUntil", latest.acted_by as "actedBy",
      latest.acted_at as "actedAt", latest.note as "actionNote"
    from stream.episodes e
    left join lateral (
      select * from live.alert_actions l where l.alert_id = e.alert_id order by l.action desc limit 1
    ) latest on true
    where e.generation = ${generation} and e.state = 'open'
      ${storeFilter(reading, subscription, 'e.store')}
    order by e.opened_at, e.alert_id`
  return rows.map(({ actionKind, snoozedUntil, actedBy, actedAt, actionNote, ...alert }) => ({
    ...alert,
    handling: handlingOf({ actionKind, snoozedUntil, actedBy, actedAt, actionNote }),
  }))
}

/** Alerts of rules that are open and that nobody has judged: of both paths, whose tables are read apart. */
async function readDetections(
  reading: Reading,
  subscription: Subscription,
  generation: number,
): Promise<LiveDetection[]> {
  const columns = reading`f.alert_id as "alertId", f.kind, f.rule, f.store, f.subject, f.severity, f.score, f.state,
    f.opened_at as "openedAt", f.evidence ->> 'summary' as summary`
  const isWaiting = reading`f.state = 'open' ${storeFilter(reading, subscription, 'f.store')}
    and (select l.kind from live.alert_actions l where l.alert_id = f.alert_id and l.kind in ('verdict', 'reopen')
      order by l.action desc limit 1) is distinct from 'verdict'`
  const rows = await reading<LiveDetection[]>`
    select * from (
      select ${columns} from stream.alerts f where f.generation = ${generation} and ${isWaiting}
      union all
      select ${columns} from batch.alerts f where ${isWaiting}
    ) waiting
    order by "openedAt" desc, "alertId" limit ${MOST_DETECTIONS + 1}`
  return [...rows].reverse()
}

async function readPipeline(reading: Reading): Promise<PipelineChange[]> {
  const rows = await reading<PipelineChange[]>`
    select kind, at, payload from live.ops_lane where kind <> ${DETECTIONS} order by sequence desc limit ${PIPELINE_CHANGES}`
  return [...rows].reverse()
}
