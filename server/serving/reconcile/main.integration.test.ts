import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { placed } from '#domain/testing/events.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'

const DAY = '2026-03-02'
const RANGE = ['--from', DAY, '--to', DAY]

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const paths = await createTestPaths(database.sql)
  await paths.send([
    placed({ id: 'o-1', at: `${DAY}T10:00:00+01:00` }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
  ])
  await paths.batch({ store: 'berlin', day: DAY })
  await paths.send([
    placed({ id: 'o-2', at: `${DAY}T10:01:00+01:00` }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
  ])
  await paths.stream()
})
afterAll(() => database.drop())

function reconcile(...args: string[]) {
  return runCommand(database.url, 'server/serving/reconcile/main.ts', args)
}

describe('npm run reconcile', () => {
  it('prints where the paths differ and why, and ends with 0 when all is explained', async () => {
    const { code, stdout, stderr } = await reconcile(...RANGE)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toMatch(/2026-03-02 +berlin +EUR +net +2\.5000 +5\.0000 +2\.5000 +2\.5000 +0\.0000/)
    expect(stdout).toContain(
      '8 figures compared: 4 differences, all explained; every row agrees with the log. Unexplained: 0.',
    )
  })

  it('gives everything as one JSON object', async () => {
    const { code, stdout } = await reconcile(...RANGE, '--store', 'berlin', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      from: DAY,
      to: DAY,
      stores: ['berlin'],
      compared: 8,
      unexplained: 0,
      findings: [],
    })
  })

  it('names the store-days that it was not asked for', async () => {
    const { code, stdout } = await reconcile('--from', '2026-03-03', '--to', '2026-03-04')
    expect(code).toBe(0)
    expect(stdout).toContain(`Outside what was asked for: 1 store-day with events, ${DAY} to ${DAY}.`)
    expect((await reconcile(...RANGE)).stdout).not.toContain('Outside')
  })

  it('names a row that was changed, and ends with 1', async () => {
    const { sql } = database
    await sql`update stream.windows set gross = gross + 1 where window_start = '2026-03-02T09:01:00Z'`
    const { code, stdout } = await reconcile(...RANGE)
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /stream +stream\.windows +.*window_start=2026-03-02T09:01:00\+00:00.* +gross +2\.5001 +2\.5000/,
    )
    expect(stdout).toContain('UNEXPLAINED: 2 of 8 figures; 1 finding')
    expect(stdout).toContain('npm run replay')
    await sql`update stream.windows set gross = gross - 1 where window_start = '2026-03-02T09:01:00Z'`
  })

  it('compares figures alone when that is asked for, and says so', async () => {
    const { code, stdout } = await reconcile(...RANGE, '--figures-only')
    expect(code).toBe(0)
    expect(stdout).toContain('(rows were not audited). Unexplained: 0.')
  })

  it.each([
    [[], 'Say which business days'],
    [['--from', DAY, '--to', '2026-02-30'], '"2026-02-30" is not a date'],
    [['--from', DAY, '--to', '2026-03-01'], '--to 2026-03-01 lies before --from 2026-03-02'],
    [[...RANGE, '--store', 'nowhere'], 'Unknown store: nowhere. "npm run stores -- list"'],
    [[...RANGE, '--fast'], "Unknown option '--fast'"],
  ])('refuses %j with 2 and says why', async (args, message) => {
    const { code, stdout, stderr } = await reconcile(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('explains itself', async () => {
    const { code, stdout } = await reconcile('--help')
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: npm run reconcile -- --from DAY --to DAY')
  })
})
