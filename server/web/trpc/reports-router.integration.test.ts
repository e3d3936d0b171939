import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { placed } from '#domain/testing/events.ts'
import { openServing, type Serving } from '#server/serving/serving.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'
import { answerReportFile } from './reports-router.ts'
import { createCaller } from './router.ts'

const DAY = '2026-03-02'
let database: TestDatabase
let serving: Serving

beforeAll(async () => {
  database = await createTestDatabase()
  serving = openServing(database.url)
  const paths = await createTestPaths(database.sql)
  await paths.send([
    placed({ id: 'o-1', at: `${DAY}T10:00:00+01:00` }, [{ sku: 'tea', units: 2, unitPrice: '2.555' }]),
    placed({ id: 'o-2', at: `${DAY}T10:00:00+01:00`, store: 'berlin-west' }, [
      { sku: 'tea', units: 1, unitPrice: '1' },
    ]),
  ])
  await paths.batch({ store: 'berlin', day: DAY })
  await paths.batch({ store: 'berlin-west', day: DAY })
})
afterAll(async () => {
  await serving.close()
  await database.drop()
})

function get(address: string, from = serving): Promise<Response> {
  return answerReportFile(new Request(`http://localhost/api/reports/csv?${address}`), from)
}

describe('the address of a file', () => {
  it('brings the report it names, as a file that no cache keeps', async () => {
    const response = await get(`view=sales&from=${DAY}&to=${DAY}&currency=EUR&stores=berlin&sort=-net`)
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringContaining('text/csv; charset=utf-8'),
      'content-disposition': `attachment; filename="tillstream-sales-by-day-${DAY}-to-${DAY}-EUR.csv"`,
      'cache-control': 'no-store',
    })
    const [, row] = (await response.text()).split('\r\n')
    expect(row).toMatch(/^2026-03-02,EUR,1,2,5\.1100,0\.0000,0\.0000,5\.1100,5\.1100,0,0,/)
  })

  it.each([
    ['', 'at view'],
    [`view=sales&from=${DAY}&to=2026-02-30&currency=EUR`, 'is not a date YYYY-MM-DD that exists'],
    [`view=sales&from=${DAY}&to=${DAY}&currency=euro`, 'three-letter currency code'],
    [`view=products&from=${DAY}&to=${DAY}&currency=EUR&sort=orders`, 'products has no orders'],
    [`view=sales&from=${DAY}&to=${DAY}&currency=EUR&pagee=2`, 'pagee'],
  ])('that asks %j is told what is wrong', async (address, message) => {
    const response = await get(address)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ status: 400, detail: expect.stringContaining(message) })
  })

  it('is to be asked again while the database is away', async () => {
    const away = openServing('postgres://nobody@127.0.0.1:1/nowhere')
    const response = await get(`view=sales&from=${DAY}&to=${DAY}&currency=EUR`, away)
    await away.close()
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  })
})

describe('reports.get', () => {
  it('answers what the file holds', async () => {
    const report = await createCaller({ serving, person: null }).reports.get({
      view: 'sales-by-store',
      from: DAY,
      to: DAY,
      currency: 'EUR',
    })
    expect(report.rows.map(({ key, figures }) => [key.store, figures.net])).toEqual([
      ['berlin', '5.1100'],
      ['berlin-west', '1.0000'],
    ])
    expect(report).toMatchObject({ unit: 'EUR', rowCount: 2, basis: { runs: 2 } })
  })
})
