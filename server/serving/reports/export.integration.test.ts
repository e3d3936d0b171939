import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { VIEW_NAMES, VIEWS } from '#domain/report-views.ts'
import { openTestShop, type TestShop } from '#server/serving/testing/shop.ts'
import { ExportsBusyError, exportReport, type ReportFile } from './export.ts'
import { reportRequestSchema } from './question.ts'
import type { ReportRow } from './report.ts'
import { readReport } from './report.ts'

let shop: TestShop

beforeAll(async () => {
  shop = await openTestShop()
})
afterAll(() => shop.database.drop())

const MARCH = { from: '2026-03-02', to: '2026-03-29', currency: 'EUR' }

function asking(asked: object) {
  return reportRequestSchema.parse({ ...MARCH, ...asked })
}

function start(asked: object): Promise<ReportFile> {
  return exportReport(shop.database.sql, asking(asked))
}

async function textOf({ content }: ReportFile): Promise<string> {
  // With its byte order mark, which decoders take away.
  const bytes = Buffer.from(await new Response(content).arrayBuffer())
  return bytes.toString('utf8')
}

async function recordsOf(asked: object): Promise<Record<string, string>[]> {
  return parse(await textOf(await start(asked)), { bom: true, columns: true, record_delimiter: '\r\n' })
}

/** All pages of the table. */
async function tableOf(asked: object): Promise<ReportRow[]> {
  const rows: ReportRow[] = []
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const report = await readReport(shop.database.sql, asking({ ...asked, page }))
    rows.push(...report.rows)
    pages = report.pages
  }
  return rows
}

describe('the file of a report', () => {
  it.each(VIEW_NAMES.flatMap(view => VIEWS[view].grains.map(grain => ({ view, grain }))))(
    'of $view by $grain has all rows of the table, in its order, figure by figure',
    async ({ view, grain }) => {
      const asked = { view, grain, compare: 'before' as const }
      const [records, rows] = [await recordsOf(asked), await tableOf(asked)]
      expect(records).toHaveLength(rows.length)
      expect(rows.length).toBeGreaterThan(0)
      for (const [index, { figures, key, before }] of rows.entries()) {
        const record = records[index] ?? {}
        for (const [name, value] of Object.entries(figures)) expect(record[name]).toBe(value ?? '')
        if (VIEWS[view].isCompared) {
          expect(record[`${VIEWS[view].metric}_before`]).toBe(before ?? '')
        }
        if (key.store !== undefined) expect(record.store).toBe(key.store)
      }
    },
  )

  it('names its columns as schema reports does, and says its basis', async () => {
    const [first] = await recordsOf({ view: 'sales' })
    const columns = await shop.database.sql<{ name: string }[]>`
      select column_name as name from information_schema.columns
      where table_schema = 'reports' and table_name = 'daily_sales'`
    const known = new Set([...columns.map(({ name }) => name), 'state', 'restated_days'])
    expect(Object.keys(first ?? {}).filter(name => !known.has(name))).toEqual([])
    expect(first).toMatchObject({ currency: 'EUR', state: 'closed', restated_days: '0' })
    expect(Number(first?.run_id)).toBeGreaterThan(0)
    expect(first?.computed_at).toMatch(/^\d{4}-\d\d-\d\dT/)
  })

  it('makes text of what a spreadsheet would run, and leaves numbers numbers', async () => {
    const records = await recordsOf({ view: 'products', compare: 'before' })
    const names = new Map(records.map(({ sku, name }) => [sku, name]))
    expect(names.get('tea')).toBe('\'=HYPERLINK("http://evil.example","tea")')
    expect(names.get('cup')).toBe("'-5% cup")
    expect(names.get('pot')).toBe("'@pot")
    expect(names.get('coffee')).toBe('Coffee, "strong"')
    expect(names.get('grün')).toBe('Grüner Tee\nlose')
    const categories = await recordsOf({ view: 'categories' })
    expect(categories.map(({ category }) => category)).toContain("'+Ware")
    const changes = records.map(record => record.net_change ?? '')
    expect(changes.every(change => /^-?\d+\.\d{4}$/.test(change))).toBe(true)
    const stock = await recordsOf({
      view: 'inventory-by-product',
      sort: { by: 'adjusted', descending: false },
    })
    expect(stock[0]?.adjusted).toMatch(/^-\d+$/)
  })

  it('begins with a byte order mark, ends its lines as RFC 4180 says, and has a name that says what it is', async () => {
    const file = await start({ view: 'sales', grain: 'week', from: '2026-03-03' })
    expect(file.name).toBe('tillstream-sales-by-week-2026-03-02-to-2026-03-29-EUR.csv')
    const text = await textOf(file)
    expect(text.startsWith('\ufeffweek,currency,')).toBe(true)
    expect(text.endsWith('\r\n')).toBe(true)
  })

  it('of nothing has its header all the same', async () => {
    const text = await textOf(await start({ view: 'products', from: '2025-01-01', to: '2025-01-02' }))
    expect(text.split('\r\n')).toEqual([expect.stringContaining('sku,name,category'), ''])
  })

  it('is refused while two are being written, and its place is free again when a reader leaves', async () => {
    const asked = { view: 'inventory-by-product' }
    const [one, two] = await Promise.all([start(asked), start(asked)])
    await expect(start(asked)).rejects.toThrow(ExportsBusyError)
    await one.content.cancel()
    await vi.waitFor(async () => (await start({ view: 'sales' })).content.cancel(), { timeout: 60_000 })
    await two.content.cancel()
    await vi.waitFor(
      async () => {
        const [open] = await shop.database.sql<{ count: number }[]>`
          select count(*)::int4 as count from pg_stat_activity
          where datname = current_database() and state = 'idle in transaction'`
        expect(open?.count).toBe(0)
      },
      { timeout: 60_000 },
    )
  })
})
