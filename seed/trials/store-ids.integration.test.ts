import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { writeIds } from '#domain/id-list.ts'
import { readSideBySide } from '#server/serving/side-by-side/side-by-side.ts'
import { parseAuth } from '#server/web/live/socket.ts'
import { answerReportFile } from '#server/web/trpc/reports-router.ts'
import { play } from './testing/played.ts'

/** Ids of any printable characters, names that every object has among them, and the longest there may be. */
const IDS = [
  'a/b',
  'a',
  'ä b%',
  'x#?&',
  '..',
  '%2C',
  'p,q',
  `"quoted" 'twice'`,
  '\\back\\slash',
  '{brace}',
  '=1+1',
  '__proto__',
  'constructor',
  'متجر ١',
  '店舗😀',
  'x'.repeat(128),
]
const DAY = '2026-11-20'
const RANGE = { from: DAY, to: DAY }

function eventsOf(store: string, index: number): string[] {
  const header = { source: `till of ${store}`.slice(0, 128), store, eventTime: `${DAY}T10:00:00Z` }
  const units = index + 1
  return [
    { ...header, id: 'c', type: 'stock.counted', lines: [{ sku: store, units: 100 }] },
    {
      ...header,
      id: 'o',
      type: 'order.placed',
      channel: 'pos',
      orderId: 'o',
      currency: 'EUR',
      eventTime: `${DAY}T10:01:00Z`,
      lines: [{ sku: store, units, unitPrice: '1.00' }],
    },
  ].map(event => JSON.stringify(event))
}

test('a store may be called anything that can be printed, from the till to the file', async () => {
  const { answer, database, reconciliation } = await play(IDS.flatMap(eventsOf), {
    stores: IDS.map(id => ({ id, name: `The shop ${id}`.slice(0, 128), zone: 'UTC', currency: 'EUR' })),
    now: Date.parse(`${DAY}T12:00:00Z`),
    range: RANGE,
  })
  expect(answer.body).toEqual({ accepted: 2 * IDS.length, duplicates: 0, rejected: [] })
  expect(reconciliation).toMatchObject({ unexplained: 0, findings: [], differing: [] })

  for (const [index, id] of IDS.entries()) {
    const [stock] = await database.sql`
      select on_hand from reports.live_stock where store = ${id} and sku = ${id}`
    expect([id, stock?.on_hand]).toEqual([id, 99 - index])

    // As the page writes the address of a report's file.
    const asked = new URLSearchParams({
      view: 'sales-by-store',
      grain: 'day',
      ...RANGE,
      currency: 'EUR',
      stores: writeIds([id]),
    })
    const file = await answerReportFile(new Request(`http://dashboard/api/reports/csv?${asked}`), {
      sql: database.sql,
    })
    expect([id, file.status]).toEqual([id, 200])
    const rows = parse<Record<string, string>>(await file.text(), { columns: true, bom: true })
    const stores = rows.map(({ store }) => store?.replace(/^'(?==)/, ''))
    expect(stores).toEqual([id])

    const { stores: told } = parseAuth({ stores: [id] }).subscription
    expect([...told]).toEqual([id])
    const { days } = await readSideBySide(database.sql, { ...RANGE, stores: [id], currency: 'EUR' })
    expect([id, days.map(({ stream }) => stream?.units)]).toEqual([id, [index + 1]])
  }
})
