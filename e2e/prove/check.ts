import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { MODELS, storedRows } from '#jobs/testing/model.ts'
import type { Reconciliation } from '#server/serving/reconcile/reconcile.ts'
import { type Frame, offsetsOf } from './listen.ts'
import {
  type Alert,
  judgeTime,
  type Logged,
  type Shelf,
  shelvesOf,
  type Tick,
  type WindowFigures,
  windowsOf,
  zStatesOf,
} from './model.ts'
import { keyOf, rowsOf, type Sent, tenThousandths } from './sent.ts'

/** What differs from the model, one line each; empty when nothing does. */
export type Differences = string[]

/** The model with the places that the log gave its events. */
export interface Told {
  records: readonly (Logged | Tick)[]
  events: readonly Logged[]
  windows: ReadonlyMap<string, WindowFigures>
  shelves: ReadonlyMap<string, readonly Shelf[]>
}

interface LogRow {
  partition: number
  offset: number
  appendedAt: Instant
  type: string
  class: string
  source: string | null
  id: string | null
  store: string | null
  businessDay: string | null
  eventTime: Instant
  totals: string
}

/** Holds the log against what was sent: every event once, as it was meant, in dense offsets. */
export async function checkLog(sql: Sql, sent: Sent): Promise<{ told: Told; differences: Differences }> {
  const rows = await sql<LogRow[]>`
    select partition, "offset", appended_at as "appendedAt", type, class, source, id, store,
      business_day as "businessDay", event_time as "eventTime",
      concat_ws(' ', total_units, total_gross, total_discounts, total_returns, total_tax) as totals
    from log.event_log order by partition, "offset"`
  const differences: Differences = []
  const expected = new Map(
    [...sent.taken.values()].flatMap(taken => rowsOf(taken).map(row => [keyOf(row), row] as const)),
  )
  const records: (Logged | Tick)[] = []
  const last = new Map<number, number>()
  for (const row of rows) {
    const { partition, offset, appendedAt } = row
    if (offset !== (last.get(partition) ?? 0) + 1)
      differences.push(`log: offset ${offset} of partition ${partition} follows ${last.get(partition) ?? 0}`)
    last.set(partition, offset)
    if (row.type === 'tick') {
      records.push({ type: 'tick', partition, offset, appendedAt, watermark: null })
      continue
    }
    const key = keyOf({ source: row.source ?? '', id: row.id ?? '' })
    const event = expected.get(key)
    if (!event) {
      differences.push(`log: ${row.source} ${row.id} stands there twice, or was never sent`)
      continue
    }
    expected.delete(key)
    const said = [
      row.partition,
      row.type,
      row.class,
      row.store,
      row.businessDay,
      row.eventTime,
      row.totals,
    ].join(' ')
    const meant = [
      event.partition,
      event.type,
      event.class,
      event.store,
      event.businessDay,
      event.eventTime,
      event.totalUnits,
      event.totalGross,
      event.totalDiscounts,
      event.totalReturns,
      event.totalTax,
    ].join(' ')
    if (said !== meant) differences.push(`log: ${row.id} says ${said}; the model ${meant}`)
    records.push({
      ...event,
      partition,
      offset,
      appendedAt,
      late: false,
      watermark: null,
      bodyHash: '',
      rulesVersion: 0,
    })
  }
  for (const event of expected.values()) differences.push(`log: ${event.type} ${event.id} is missing`)
  judgeTime(records)
  const events = records.filter(record => record.type !== 'tick')
  return {
    told: { records, events, windows: windowsOf(events), shelves: shelvesOf(events, sent.policies) },
    differences,
  }
}

/** Holds the stream's tables of the active generation against the model. */
export async function checkStream(sql: Sql, told: Told): Promise<Differences> {
  const windows = await sql<(WindowFigures & { key: string })[]>`
    select concat_ws('|', store, (extract(epoch from window_start) * 1000)::bigint, channel, currency) as key, orders,
      units, gross, discounts, returns, return_documents as "returnDocuments", units_returned as "unitsReturned",
      late_net as "lateNet", revision
    from stream.windows where generation = (select generation from stream.active_generation)`
  const stock = await sql<{ key: string; said: string }[]>`
    select store || '|' || sku as key,
      concat_ws(' ', coalesce(on_hand::text, 'unknown'), on_order, coalesce(reorder_point::text, '-'),
        (extract(epoch from as_of) * 1000)::bigint) as said
    from stream.stock where generation = (select generation from stream.active_generation)`
  const alerts = await sql<{ key: string; said: string }[]>`
    select alert_id as key,
      concat_ws(' ', rule, state, (extract(epoch from opened_at) * 1000)::bigint, on_hand, on_order,
        coalesce(reorder_point::text, '-'), coalesce(suggested_units::text, '-')) as said
    from stream.episodes where generation = (select generation from stream.active_generation)`
  return [
    ...compare(
      'window',
      windows.map(({ key, ...figures }) => [key, textOf(figures)]),
      [...told.windows].map(([key, figures]) => [key, textOf(figures)]),
    ),
    ...compare(
      'stock',
      stock.map(({ key, said }) => [key, said]),
      [...told.shelves].map(([key, history]) => [key, shelfText(history.at(-1))]),
    ),
    ...compare(
      'alert',
      alerts.map(({ key, said }) => [key, said]),
      [...told.shelves.values()].flatMap(history =>
        [...(history.at(-1)?.alerts.values() ?? [])].map((alert): [string, string] => [
          alert.alertId,
          [
            alert.rule,
            alert.state,
            alert.openedAt,
            alert.onHand,
            alert.onOrder,
            alert.reorderPoint ?? '-',
            alert.suggestedUnits ?? '-',
          ].join(' '),
        ]),
      ),
    ),
  ]
}

function isShort({ onHand, reorderPoint }: Pick<Shelf, 'onHand' | 'reorderPoint'>): boolean {
  return onHand !== null && onHand <= (reorderPoint ?? 0)
}

function shelfText(shelf: Shelf | undefined): string {
  return [shelf?.onHand ?? 'unknown', shelf?.onOrder, shelf?.reorderPoint ?? '-', shelf?.asOf].join(' ')
}

const WINDOW_FIGURES = [
  'orders',
  'units',
  'gross',
  'discounts',
  'returns',
  'returnDocuments',
  'unitsReturned',
  'lateNet',
  'revision',
] as const satisfies readonly (keyof WindowFigures)[]

function textOf(figures: WindowFigures): string {
  return WINDOW_FIGURES.map(name => Number(figures[name]) + 0).join(' ')
}

/** Holds every report of the batch path, and the Z reports, against the model. */
export async function checkBatch(sql: Sql, told: Told): Promise<Differences> {
  const differences: Differences = []
  for (const [name, model] of Object.entries(MODELS)) {
    const said = await storedRows(sql, name)
    const meant = model([...told.events])
    for (const row of minus(said, meant)) differences.push(`${name}: has ${row}, which the model has not`)
    for (const row of minus(meant, said)) differences.push(`${name}: has not ${row}, which the model has`)
  }
  const zs = await sql<{ key: string; state: string }[]>`
    select concat_ws('|', store, business_day, register) as key, state
    from reports.completeness where z_orders is not null`
  differences.push(
    ...compare(
      'Z report',
      zs.map(({ key, state }) => [key, state]),
      [...zStatesOf(told.events)],
    ),
  )
  return differences
}

/**
 * What the reconciliation says: nothing, but for tills whose own totals differ by the model as well, and for registers
 * that have not reported.
 */
export function checkReconciliation(
  { code, output }: { code: number | null; output: string },
  told: Told,
): Differences {
  const line = output.split('\n').find(text => text.startsWith('{"from"'))
  if ((code !== 0 && code !== 1) || line === undefined) return [`reconcile ended with ${code}:\n${output}`]
  const { unexplained, findings } = JSON.parse(line) as Pick<Reconciliation, 'unexplained' | 'findings'>
  const states = zStatesOf(told.events)
  const differences = findings
    .filter(({ kind, metric, rowKey: { store, business_day: day, register } }) => {
      if (kind !== 'z report') return true
      return metric !== 'row' && states.get([store, day, register].join('|')) !== 'different'
    })
    .map(finding => `reconcile: found ${JSON.stringify(finding)}`)
  if (unexplained > 0) differences.push(`reconcile: ${unexplained} figures hold something unexplained`)
  if ((code === 0) !== (findings.length === 0 && unexplained === 0)) {
    differences.push(`reconcile: ended with ${code} and ${findings.length} findings`)
  }
  return differences
}

function minus(one: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const row of other) left.set(row, (left.get(row) ?? 0) + 1)
  return one.filter(row => {
    const count = left.get(row) ?? 0
    left.set(row, count - 1)
    return count <= 0
  })
}

function compare(
  what: string,
  said: Iterable<readonly [string, string]>,
  meant: Iterable<readonly [string, string]>,
): Differences {
  const differences: Differences = []
  const model = new Map(meant)
  for (const [key, text] of said) {
    const expected = model.get(key)
    if (expected === undefined) differences.push(`${what} ${key}: says ${text}; the model has none`)
    else if (expected !== text) differences.push(`${what} ${key}: says ${text}; the model ${expected}`)
    model.delete(key)
  }
  for (const [key, text] of model) differences.push(`${what} ${key}: is missing; the model says ${text}`)
  return differences
}

/** Dead letters: what was refused, each at least once, and nothing else of a known sender. */
export async function checkDeadLetters(sql: Sql, sent: Sent): Promise<Differences> {
  const rows = await sql<{ key: string }[]>`
    select distinct concat(source, chr(31), event_id, ' ', reason) as key from reports.dead_letters
    where source is not null and event_id is not null and reason in ('clock_skew', 'conflicting_duplicate')`
  const said = rows.map(({ key }) => key)
  const meant = [...sent.refused]
  return [
    ...minus(said, meant).map(key => `dead letter ${key}: the model has none`),
    ...minus(meant, said).map(key => `dead letter ${key}: is missing`),
  ]
}

/**
 * Holds what the live socket said against the model as of the frame's own cursor, and the chain of cursors: an update
 * begins where the frame before it ended, and tells every sale between.
 */
export function checkFrames(frames: readonly Frame[], told: Told): Differences {
  const differences: Differences = []
  let before: string | null = null
  for (const [index, frame] of frames.entries()) {
    const where = `frame ${index} (${frame.kind})`
    const offsets = offsetsOf(frame.said.cursor)
    const from = frame.kind === 'update' ? offsetsOf(frame.said.previous) : []
    const isSeen = (record: Logged | Tick) => record.offset <= (offsets[record.partition] ?? 0)
    const windows = windowsOf(told.events.filter(isSeen))
    for (const window of frame.said.windows) {
      const key = [window.store, window.windowStart, window.channel, window.currency].join('|')
      const meant = windows.get(key)
      const said = textOf({
        ...window,
        gross: amountOf(window.gross),
        discounts: amountOf(window.discounts),
        returns: amountOf(window.returns),
        lateNet: amountOf(window.lateNet),
      })
      if (!meant || textOf(meant) !== said)
        differences.push(
          `${where}: window ${key} says ${said}; the model ${meant ? textOf(meant) : 'has none'}`,
        )
    }
    for (const shelf of frame.said.stock) {
      const history = told.shelves.get(`${shelf.store}|${shelf.sku}`) ?? []
      const partition = told.events.find(event => event.store === shelf.store)?.partition ?? 0
      const seen = history.filter(entry => entry.offset <= (offsets[partition] ?? 0))
      const meant = seen.at(-1)
      const said = shelfText({ ...shelf, offset: 0, alert: null, alerts: new Map() })
      // What is short is told at every move; what no longer is, once, with its figures of that moment.
      const isOver = meant !== undefined && !isShort(meant) && !isShort(shelf)
      const was = isOver ? seen.filter(entry => entry.offset > (from[partition] ?? 0)) : [meant]
      if (!was.some(entry => shelfText(entry) === said))
        differences.push(
          `${where}: stock ${shelf.store}|${shelf.sku} says ${said}; the model ${shelfText(meant)}`,
        )
    }
    for (const alert of frame.said.alerts) {
      const history = told.shelves.get(`${alert.store}|${alert.sku}`) ?? []
      const partition = told.events.find(event => event.store === alert.store)?.partition ?? 0
      const entry = history.findLast(one => one.offset <= (offsets[partition] ?? 0))
      const meant = entry?.alerts.get(alert.alertId)
      const said = [alert.rule, alert.state, alert.openedAt, alert.onOrder, alert.reorderPoint].join(' ')
      const model = meant
        ? [meant.rule, meant.state, meant.openedAt, meant.onOrder, meant.reorderPoint].join(' ')
        : 'has none'
      if (said !== model)
        differences.push(`${where}: alert ${alert.alertId} says ${said}; the model ${model}`)
    }
    differences.push(...checkSales(frame, told, offsets, where))
    if (frame.kind === 'update') differences.push(...checkOmissions(frame.said, told, offsets, where))
    if (frame.kind === 'update' && index > 0 && frame.said.previous !== before)
      differences.push(`${where}: goes on from ${frame.said.previous}; its client stood at ${before}`)
    before = frame.said.cursor
  }
  return differences
}

/** What moved between the cursors of an update and is not in it. */
function checkOmissions(
  said: Extract<Frame, { kind: 'update' }>['said'],
  told: Told,
  offsets: readonly number[],
  where: string,
): Differences {
  const from = offsetsOf(said.previous)
  const between = told.events.filter(
    ({ partition, offset }) => offset > (from[partition] ?? 0) && offset <= (offsets[partition] ?? 0),
  )
  const windows = new Set(
    said.windows.map(window => [window.store, window.windowStart, window.channel, window.currency].join('|')),
  )
  const alerts = new Set(said.alerts.map(({ alertId }) => alertId))
  const changed = between.flatMap(({ store, partition, lines }) =>
    [...new Set(lines?.skus ?? [])].flatMap(sku => {
      const history = told.shelves.get(`${store}|${sku}`) ?? []
      const at = (cursor: readonly number[]) =>
        history.findLast(({ offset }) => offset <= (cursor[partition] ?? 0))?.alerts
      const before = at(from)
      return [...(at(offsets) ?? [])].flatMap(([id, alert]) =>
        newsOf(alert) === newsOf(before?.get(id)) ? [] : [id],
      )
    }),
  )
  return [
    ...[...windowsOf(between).keys()]
      .filter(key => !windows.has(key))
      .map(key => `${where}: window ${key} moved and is not told`),
    ...changed.filter(id => !alerts.has(id)).map(id => `${where}: alert ${id} changed and is not told`),
  ]
}

function newsOf(alert: Alert | undefined): string {
  return alert ? [alert.rule, alert.state, alert.onOrder, alert.reorderPoint].join(' ') : ''
}

function checkSales(frame: Frame, told: Told, offsets: readonly number[], where: string): Differences {
  const differences: Differences = []
  const from = frame.kind === 'update' ? offsetsOf(frame.said.previous) : offsets.map(() => 0)
  const between = told.events.filter(
    event =>
      ['order.placed', 'order.voided', 'order.returned'].includes(event.type) &&
      event.offset > (from[event.partition] ?? 0) &&
      event.offset <= (offsets[event.partition] ?? 0),
  )
  const known = new Map(between.map(event => [keyOf(event), event]))
  const seen = new Set<string>()
  for (const sale of frame.said.sales) {
    const event = known.get(keyOf(sale))
    if (!event || seen.has(keyOf(sale))) {
      differences.push(`${where}: sale ${sale.id} is told twice, or lies outside the frame`)
      continue
    }
    seen.add(keyOf(sale))
    const sign = event.type === 'order.placed' ? 1 : -1
    const net =
      event.type === 'order.returned' ? -event.totalReturns : sign * (event.totalGross - event.totalDiscounts)
    const said = [sale.type, sale.store, sale.eventTime, sale.units, amountOf(sale.net), sale.lines].join(' ')
    const meant = [
      event.type,
      event.store,
      event.eventTime,
      sign * event.totalUnits,
      net,
      event.lines?.skus.length,
    ].join(' ')
    if (said !== meant) differences.push(`${where}: sale ${sale.id} says ${said}; the model ${meant}`)
  }
  const count = frame.said.sales.length + (frame.kind === 'update' ? frame.said.salesOmitted : 0)
  const due = frame.kind === 'update' ? between.length : Math.min(100, between.length)
  if (count !== due)
    differences.push(`${where}: tells ${count} sales; the log has ${due} between its cursors`)
  return differences
}

function amountOf(decimal: string): number {
  return Number(tenThousandths(decimal))
}
