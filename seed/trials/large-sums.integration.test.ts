import { expect, test } from 'vitest'
import { formatAmount } from '#domain/money.ts'
import { readLiveBoard } from '#server/serving/live-board/live-board.ts'
import { reportRequestSchema } from '#server/serving/reports/question.ts'
import { readReport } from '#server/serving/reports/report.ts'
import { readSideBySide } from '#server/serving/side-by-side/side-by-side.ts'
import { subscriptionOf, TOPICS } from '#server/web/live/cursor.ts'
import { readLiveSnapshot } from '#server/web/live/snapshot.ts'
import { answerReportFile } from '#server/web/trpc/reports-router.ts'
import { play } from './testing/played.ts'

const DAY = '2026-11-20'
const RANGE = { from: DAY, to: DAY }
const STORES = [{ id: 'jakarta', name: 'Jakarta', zone: 'Asia/Jakarta', currency: 'IDR' }]
/** Of the largest documents there may be: together far beyond what a number tells exactly. */
const ORDERS = 400
const PRICE = '9999999999.9999'
const RETURNS = 3

function documents(): string[] {
  const header = { source: 'till', store: 'jakarta', channel: 'pos', currency: 'IDR', register: '1' }
  const at = `${DAY}T03:00:00Z`
  const order = (index: number) => ({
    ...header,
    id: `o-${index}`,
    type: 'order.placed',
    eventTime: at,
    orderId: `o-${index}`,
    tenders: [{ type: 'transfer', amount: PRICE }],
    lines: [{ sku: 'yacht', units: 1, unitPrice: PRICE }],
  })
  const back = (index: number) => ({
    ...header,
    id: `r-${index}`,
    type: 'order.returned',
    eventTime: at,
    orderId: `r-${index}`,
    lines: [{ sku: 'yacht', units: 1, refund: PRICE }],
  })
  return [
    ...Array.from({ length: ORDERS }, (_, index) => order(index)),
    ...Array.from({ length: RETURNS }, (_, index) => back(index)),
  ].map(event => JSON.stringify(event))
}

test('sums beyond what a number tells exactly are exact on both paths, on every page and in every file', async () => {
  const { answer, database, reconciliation } = await play(documents(), {
    stores: STORES,
    now: Date.parse(`${DAY}T04:00:00Z`),
    range: RANGE,
  })
  const { sql } = database
  expect(answer.body).toEqual({ accepted: ORDERS + RETURNS, duplicates: 0, rejected: [] })
  const price = 99_999_999_999_999n
  const [gross, net] = [formatAmount(price * BigInt(ORDERS)), formatAmount(price * BigInt(ORDERS - RETURNS))]
  expect(price * BigInt(ORDERS)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER))

  expect(reconciliation).toMatchObject({ unexplained: 0, differing: [], findings: [] })
  expect(await sql`select gross, net from reports.daily_sales`).toEqual([{ gross, net }])
  expect(await sql`select gross, net from reports.live_sales_minute`).toEqual([{ gross, net }])
  expect(await sql`select gross, net from reports.monthly_sales`).toEqual([{ gross, net }])

  const scope = { ...RANGE, stores: [], currency: 'IDR' }
  const { days } = await readSideBySide(sql, scope)
  expect(days.map(({ batch, stream }) => [batch?.net, stream?.net])).toEqual([[net, net]])
  const board = await readLiveBoard(sql, [])
  expect(board.stores.map(({ store }) => store)).toEqual(['jakarta'])
  const { snapshot } = await readLiveSnapshot(sql, subscriptionOf(TOPICS, []))
  expect(snapshot.windows.map(window => [window.gross, window.net])).toEqual([[gross, net]])

  for (const view of ['sales', 'sales-by-store', 'products', 'returns'] as const) {
    const request = { ...scope, view, grain: 'day', compare: 'before' }
    const report = await readReport(sql, reportRequestSchema.parse(request))
    expect([view, report.rows.length]).toEqual([view, 1])
    const address = new URLSearchParams({ view, grain: 'day', ...RANGE, currency: 'IDR' })
    const file = await answerReportFile(new Request(`http://dashboard/api/reports/csv?${address}`), { sql })
    expect([view, file.status]).toEqual([view, 200])
    expect(await file.text()).toContain(view === 'returns' ? formatAmount(price * BigInt(RETURNS)) : net)
  }
})
