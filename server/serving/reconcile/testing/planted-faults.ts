import type { TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { REPORTS } from '#domain/reports.ts'
import { placed } from '#domain/testing/events.ts'
import type { FoundRow } from '#server/serving/reconcile/findings.ts'
import { paid, runBatch, runStream, send, TILL, zReport } from './proof-shop.ts'

/** Something that is wrong, planted in the proof shop as whoever made the fault would have written it. */
export interface PlantedFault {
  /** As docs/proof.md names it. */
  fault: string
  plant: (database: TestDatabase) => Promise<unknown>
  /** What names it: kind of finding, table, and figure. */
  witness: Pick<FoundRow, 'kind' | 'relation' | 'metric'>
  /** In the sentence of the finding. */
  says?: RegExp
  /** Nothing else is found: both paths read the same wrong row and agree. */
  isAlone?: true
}

/** Docs name a witness like this. */
export function nameWitness({ kind, relation, metric }: PlantedFault['witness']): string {
  return `${kind} · ${relation} · ${metric}`
}

const inSql =
  (statement: string) =>
  async ({ sql }: TestDatabase) => {
    const { count } = await sql.unsafe(statement)
    if (count === 0) throw new Error(`planted nothing: ${statement}`)
  }

const derived = (metric: string): PlantedFault['witness'] => ({
  kind: 're-derived',
  relation: 'log.event_log',
  metric,
})
const row = (relation: string, metric: string): PlantedFault['witness'] => ({
  kind: 'audit row',
  relation,
  metric,
})
const till = (metric: string): PlantedFault['witness'] => ({
  kind: 'z report',
  relation: 'reports.completeness',
  metric,
})

const AFTER_MIDNIGHT = `id = 'B-0004'`

/** In the log: what the intake writes once and both paths read. */
const IN_THE_LOG: readonly PlantedFault[] = [
  {
    fault: 'the business day is taken by UTC, and both paths have read it so',
    async plant(database) {
      await inSql(`
        update log.event_log set business_day = (event_time at time zone 'UTC')::date where id = 'K-0000'`)(
        database,
      )
      // As if it had been so from the first: neither path has read anything.
      await database.sql`
        truncate batch.planner_checkpoints, batch.day_head, batch.till_head, batch.current_runs, batch.closed_days,
          batch.restatements, batch.runs, ${database.sql(REPORTS.map(({ name }) => `batch.${name}`))}`
      await database.sql`
        truncate ${database.sql(STREAM_TABLES)}`
      await runBatch(database)
      await runStream(database)
    },
    witness: derived('business_day'),
    isAlone: true,
  },
  {
    fault: 'the cut-over is ignored: a sale after midnight is on the next day',
    plant: inSql(`update log.event_log set business_day = '2026-03-03' where ${AFTER_MIDNIGHT}`),
    witness: derived('business_day'),
  },
  {
    fault: "the wrong zone stands in the store's row",
    plant: inSql(`update ref.store_versions set zone = 'Asia/Tokyo' where store = 'berlin'`),
    witness: derived('business_day'),
  },
  {
    fault: "the wrong cut-over stands in the store's row",
    plant: inSql(`update ref.store_versions set cut_over_hour = 0 where store = 'berlin'`),
    witness: derived('business_day'),
  },
  {
    fault: 'gross is one cent too much',
    plant: inSql(`update log.event_log set total_gross = total_gross + 100 where id = 'B-0001'`),
    witness: derived('total_gross'),
  },
  {
    fault: 'a stated amount is taken as units × a rounded unit price',
    plant: inSql(`update log.event_log set total_gross = 99999 where id = 'B-0003'`),
    witness: derived('total_gross'),
  },
  {
    fault: 'a discount is taken off twice',
    plant: inSql(`update log.event_log set total_discounts = 2 * total_discounts where id = 'B-0001'`),
    witness: derived('total_discounts'),
  },
  {
    fault: 'the refunds of a return are lost',
    plant: inSql(`update log.event_log set total_returns = 0 where id = 'R-0005'`),
    witness: derived('total_returns'),
  },
  {
    fault: 'units are counted by lines',
    plant: inSql(`update log.event_log set total_units = 1 where id = 'B-0003'`),
    witness: derived('total_units'),
  },
  {
    fault: 'tax is left out of a document',
    plant: inSql(`update log.event_log set total_tax = 0 where id = 'N-0001'`),
    witness: derived('total_tax'),
  },
  {
    fault: 'the tax flag of a store is turned for the past',
    plant: inSql(`update ref.store_versions set tax_inclusive = true where store = 'new-york'`),
    witness: derived('tenders'),
  },
  {
    fault: 'one of the tenders of a split payment is changed',
    plant: inSql(
      `update log.event_log set details = jsonb_set(details, '{tenders,0,amount}', '60100') where id = 'B-0003'`,
    ),
    witness: derived('tenders'),
  },
  {
    fault: 'a payment by card is kept as cash',
    plant: inSql(`update log.event_log set tender = 'cash' where id = 'B-0001'`),
    witness: derived('body_hash'),
  },
  {
    fault: 'units, price and totals of a document are changed together',
    plant: inSql(`
      update log.event_log set units = '{4}', total_units = 4, total_gross = 100000 where id = 'B-0001'`),
    witness: derived('body_hash'),
  },
  {
    fault: 'a product is taken for another',
    plant: inSql(`update log.event_log set skus = '{cup}' where id = 'B-0001'`),
    witness: derived('body_hash'),
  },
  {
    fault: 'a customer is taken for another',
    plant: inSql(`update log.event_log set customer = 'c-9' where id = 'B-0001'`),
    witness: derived('body_hash'),
  },
  {
    fault: 'a time is a millisecond off',
    plant: inSql(
      `update log.event_log set event_time = event_time + interval '1 millisecond' where id = 'K-0002'`,
    ),
    witness: derived('body_hash'),
  },
  {
    fault: 'the text of a review is changed',
    plant: inSql(
      `update log.event_log set details = jsonb_set(details, '{text}', '"fine"') where id = 'r-1'`,
    ),
    witness: derived('body_hash'),
  },
  {
    fault: 'the expected day of a purchase is changed',
    plant: inSql(`
      update log.event_log set details = jsonb_set(details, '{expectedAt}', '"2026-03-10T07:00:00.000Z"') where id = 'p-1'`),
    witness: derived('body_hash'),
  },
  {
    fault: 'the hash of a body is changed',
    plant: inSql(`update log.event_keys set body_hash = md5('other')::uuid where id = 'B-0001'`),
    witness: derived('body_hash'),
  },
  {
    fault: 'a key is forgotten, so that its event would be taken twice',
    plant: inSql(`delete from log.event_keys where id = 'B-0001'`),
    witness: derived('key'),
  },
  {
    fault: 'goods not to be restocked count as stock',
    plant: inSql(`update log.event_log set stocked = null where id = 'R-0005'`),
    witness: derived('stocked'),
  },
  {
    fault: 'an event is written to the partition of another store',
    plant: inSql(`update ref.stores set partition = (partition + 1) % 4 where store = 'kolkata'`),
    witness: derived('partition'),
  },
  {
    fault: 'a row is taken out of the log',
    plant: inSql(`delete from log.event_log where id = 'B-0001'`),
    witness: derived('row'),
    says: /offsets \d+ to \d+ of the partition are not in the log/,
  },
  {
    fault: 'a leg of a transfer is lost, its key with it',
    plant: async database => {
      await inSql(`delete from log.event_keys where id = 't-1' || chr(31) || 'in'`)(database)
      await inSql(`delete from log.event_log where id = 't-1' || chr(31) || 'in'`)(database)
    },
    witness: derived('row'),
    says: /only the leg out is in the log/,
  },
]

const MONDAY = { orders: 3, units: 8, net: '24.90' }
const AT_NIGHT = { id: 'z-1-again', day: '2026-03-02', at: '2026-03-03T03:30:00+01:00', last: 'B-0004' }

/** What never reached the log, or reached it twice: only the tills know. */
const BESIDE_THE_LOG: readonly PlantedFault[] = [
  {
    fault: 'a sale is dropped before the log',
    plant: database =>
      send(database, [zReport({ ...AT_NIGHT, last: 'B-0005' }, { orders: 4, units: 9, net: '27.40' })]),
    witness: till('orders'),
  },
  {
    fault: 'a till took in one cent more than the log knows of',
    plant: database => send(database, [zReport(AT_NIGHT, { ...MONDAY, net: '24.91' })]),
    witness: till('net'),
  },
  {
    fault: 'a till was paid by other means than the log says',
    plant: database =>
      send(database, [
        zReport(AT_NIGHT, {
          ...MONDAY,
          tenders: [
            { type: 'card', amount: '14.90' },
            { type: 'cash', amount: '10.00' },
          ],
        }),
      ]),
    witness: till('tender card'),
  },
  {
    fault: 'a sale is in the log twice, under another id',
    plant: database =>
      send(database, [
        paid(
          placed({ id: 'B-0001-again', at: '2026-03-02T10:00:00+01:00' }, [
            { sku: 'tea', units: 2, unitPrice: '2.50', discount: '0.10' },
          ]),
          TILL,
        ),
      ]),
    witness: till('orders'),
  },
  {
    fault: 'the Z report of a closed day is missing',
    async plant(database) {
      await send(database, [
        paid(
          placed({ id: 'B-0006', at: '2026-03-04T10:00:00+01:00' }, [
            { sku: 'tea', units: 1, unitPrice: '1' },
          ]),
          { ...TILL, register: 'till-2' },
        ),
      ])
      await runBatch(database)
    },
    witness: till('row'),
  },
  {
    fault: 'a Z report is changed in the log',
    plant: inSql(
      `update log.event_log set details = jsonb_set(details, '{zNet}', '249100') where id = 'z-1'`,
    ),
    witness: till('net'),
  },
]

/** In the tables that the stream path serves. */
const IN_THE_STREAM: readonly PlantedFault[] = [
  {
    fault: 'a void is not signed',
    plant: inSql(`
      update stream.windows set orders = -orders, units = -units, gross = -gross, discounts = -discounts
      where orders < 0`),
    witness: row('stream.windows', 'orders'),
  },
  {
    fault: 'a window is one cent off',
    plant: inSql(`update stream.windows set gross = gross + 100 where store = 'new-york'`),
    witness: row('stream.windows', 'gross'),
  },
  {
    fault: 'a window is lost',
    plant: inSql(`delete from stream.windows where store = 'new-york'`),
    witness: row('stream.windows', 'row'),
  },
  {
    fault: 'what is late is counted once more',
    plant: inSql(`update stream.windows set revision = revision + 1 where store = 'new-york'`),
    witness: row('stream.windows', 'revision'),
  },
  {
    fault: 'a count of stock is taken twice',
    plant: inSql(`update stream.stock set on_hand = on_hand + 12 where store = 'berlin' and sku = 'tea'`),
    witness: row('stream.stock', 'on_hand'),
  },
  {
    fault: 'what is on order is taken twice',
    plant: inSql(`update stream.stock set on_order = 2 * on_order where store = 'berlin' and sku = 'tea'`),
    witness: row('stream.stock', 'on_order'),
  },
  {
    fault: 'an alert is removed',
    plant: inSql(`delete from stream.episodes where store = 'berlin'`),
    witness: row('stream.episodes', 'row'),
  },
  {
    fault: 'an alert shows other stock than there is',
    plant: inSql(`update stream.episodes set on_hand = on_hand + 1 where store = 'berlin'`),
    witness: row('stream.episodes', 'on_hand'),
  },
  {
    fault: 'a price is lower than the event says that changed it',
    plant: inSql(`update ref.prices set price = price - 100 where store = 'berlin'`),
    witness: row('ref.prices', 'price'),
    isAlone: true,
  },
  {
    fault: 'a price that an event has said holds nowhere',
    plant: inSql(`delete from ref.prices where store = 'berlin'`),
    witness: row('ref.prices', 'row'),
    isAlone: true,
  },
  {
    fault: 'a pane of a metric has one unit more',
    plant: inSql(`update stream.panes set units = units + 1 where store = 'kolkata'`),
    witness: row('stream.panes', 'units'),
  },
  {
    fault: 'a pane of a metric is lost',
    plant: inSql(
      `delete from stream.panes where store = 'kolkata' and pane_start > '2026-03-04T10:00:00+05:30'`,
    ),
    witness: row('stream.panes', 'row'),
  },
  {
    fault: 'an order is counted twice in its session',
    plant: inSql(`update stream.sessions set orders = orders + 1`),
    witness: row('stream.sessions', 'orders'),
  },
  {
    fault: 'a checkpoint is moved back: events would be taken twice',
    plant: inSql(`
      update stream.checkpoints set "offset" = "offset" - 1
      where partition = (select partition from ref.stores where store = 'kolkata')`),
    witness: row('stream.windows', 'row'),
  },
]

const changed = (table: string, change: string, condition = 'true') =>
  inSql(`update batch.${table} set ${change} where ${condition}`)

/** In the tables that the batch path serves. */
const IN_THE_BATCH: readonly PlantedFault[] = [
  {
    fault: 'a day is one cent off',
    plant: changed('daily_sales', 'gross = gross + 100', `store = 'new-york'`),
    witness: row('batch.daily_sales', 'gross'),
  },
  {
    fault: 'a rate of exchange is changed behind the reports',
    plant: inSql(`update ref.exchange_rates set rate = 1.2`),
    witness: row('batch.daily_sales', 'exchange_rate'),
  },
  {
    fault: 'an amount in the reporting currency is a ten-thousandth off',
    plant: changed(
      'daily_sales',
      'net_in_reporting_currency = net_in_reporting_currency + 1',
      `store = 'new-york'`,
    ),
    witness: row('batch.daily_sales', 'net_in_reporting_currency'),
  },
  {
    fault: 'a customer is counted twice',
    plant: changed(
      'daily_sales',
      'customers = customers + 1',
      `store = 'berlin' and business_day = '2026-03-02'`,
    ),
    witness: row('batch.daily_sales', 'customers'),
  },
  {
    fault: 'an hour has the units of another',
    plant: changed('hourly_sales', 'units = units + 1', `store = 'new-york'`),
    witness: row('batch.hourly_sales', 'units'),
  },
  {
    fault: 'a product has the sales of another',
    plant: changed('daily_product_sales', `sku = 'pot'`, `store = 'new-york'`),
    witness: row('batch.daily_product_sales', 'row'),
  },
  {
    fault: 'a week is one order short',
    plant: changed('weekly_sales', 'orders = orders - 1', `store = 'new-york'`),
    witness: row('batch.weekly_sales', 'orders'),
  },
  {
    fault: 'a month is one cent off',
    plant: changed('monthly_sales', 'gross = gross + 100', `store = 'new-york'`),
    witness: row('batch.monthly_sales', 'gross'),
  },
  {
    fault: 'a product is one unit off in a month',
    plant: changed('monthly_product_sales', 'units = units + 1', `store = 'new-york'`),
    witness: row('batch.monthly_product_sales', 'units'),
  },
  {
    fault: 'a category has the sales of another',
    plant: changed('monthly_category_sales', `category = 'Ware'`, `store = 'new-york'`),
    witness: row('batch.monthly_category_sales', 'row'),
  },
  {
    fault: 'a means of payment has one cent more in a month',
    plant: changed('monthly_tenders', 'amount = amount + 100', `store = 'new-york'`),
    witness: row('batch.monthly_tenders', 'amount'),
  },
  {
    fault: 'a shelf closes with one more',
    plant: changed(
      'daily_inventory',
      'closing = closing + 1',
      `store = 'berlin' and business_day = '2026-03-03'`,
    ),
    witness: row('batch.daily_inventory', 'closing'),
  },
  {
    fault: 'a month of stock has received one more',
    plant: changed('monthly_inventory', 'received = received + 1', `store = 'berlin'`),
    witness: row('batch.monthly_inventory', 'received'),
  },
  {
    fault: 'a rating is changed in the report',
    plant: changed('daily_reviews', 'rating_sum = rating_sum + 1'),
    witness: row('batch.daily_reviews', 'rating_sum'),
  },
  {
    fault: 'a Z report is changed in the report',
    plant: changed('completeness', 'z_net = z_net + 100', `business_day = '2026-03-02'`),
    witness: row('batch.completeness', 'checksum'),
  },
  {
    fault: "a run's checksum is changed",
    plant: changed('current_runs', `checksum = md5('other')`, `job = 'hourly_sales' and store = 'new-york'`),
    witness: row('batch.hourly_sales', 'checksum'),
  },
  {
    fault: 'all restatements of a day are removed',
    plant: inSql(`delete from batch.restatements where store = 'kolkata'`),
    witness: row('batch.restatements', 'row'),
  },
  {
    fault: 'one restatement is removed',
    plant: inSql(`delete from batch.restatements where store = 'kolkata' and metric = 'gross'`),
    witness: row('batch.restatements', 'net, all restatements added up'),
  },
  {
    fault: 'a restatement says another figure than the report',
    plant: changed('restatements', 'new_value = new_value + 1', `store = 'kolkata' and metric = 'orders'`),
    witness: row('batch.restatements', 'orders'),
  },
]

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  ...IN_THE_LOG,
  ...BESIDE_THE_LOG,
  ...IN_THE_STREAM,
  ...IN_THE_BATCH,
]
