import { execFileSync } from 'node:child_process'
import { getTableColumns, is } from 'drizzle-orm'
import { CasingCache } from 'drizzle-orm/casing'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drizzle } from './drizzle.ts'
import * as schema from './schema.ts'
import { createTestDatabase, type TestDatabase } from './testing/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('the schema for Drizzle', () => {
  const tables = Object.values(schema).filter(entry => is(entry, PgTable))
  const casing = new CasingCache('snake_case')

  it.each(tables.map(table => [getTableConfig(table).schema, getTableConfig(table).name, table] as const))(
    'describes the columns of %s.%s: names, types, nullability',
    async (schemaName, name, table) => {
      const actual = await database.sql<{ column: string; type: string; nullable: boolean }[]>`
        select a.attname as column, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable
        from pg_attribute a
        where a.attrelid = ${`${schemaName}.${name}`}::regclass and a.attnum > 0 and not a.attisdropped
        order by a.attnum`
      const described = Object.values(getTableColumns(table)).map(column => ({
        column: casing.getColumnCasing(column),
        type: column.getSQLType().replace(', ', ','),
        nullable: !column.notNull,
      }))
      expect(described).toEqual([...actual])
    },
  )
})

describe('Drizzle over our client', () => {
  const { deadLetters, exchangeRates, supplyTerms } = schema
  const letter = {
    metIn: { partition: 1, offset: 9_007_199_254_740_991 },
    reason: 'unknown_store',
    detail: 'No store "s9".',
    payload: Buffer.from([0, 0xff, 0x61]),
    settledAt: Date.parse('2026-11-20T10:15:30.123Z'),
    settlement: null,
  }

  it('writes and reads instants, amounts, documents and bytes as they are', async () => {
    const orm = drizzle(database.sql)
    const [written] = await orm.insert(deadLetters).values(letter).returning()
    expect(written).toMatchObject({ ...letter, state: 'open', source: null })
    expect(Math.abs((written?.metAt ?? 0) - Date.now())).toBeLessThan(60_000)
    const [kind] = await database.sql`select jsonb_typeof(met_in) as kind from intake.dead_letters`
    expect(kind).toEqual({ kind: 'object' })

    await database.sql`insert into ref.suppliers values ('s1', 'Supplier 1')`
    const terms = {
      sku: 'A-1',
      validFrom: Date.parse('2026-11-20T00:00:00Z'),
      supplier: 's1',
      unitCost: 9_007_199_254_740_991,
      currency: 'EUR',
      packSize: 6,
      leadTimeDays: 2.5,
    }
    await orm.insert(supplyTerms).values(terms)
    expect(await orm.select().from(supplyTerms)).toEqual([terms])
  })

  it('takes part in a transaction of the client', async () => {
    const outcome = database.sql.begin(async transaction => {
      await drizzle(transaction)
        .insert(deadLetters)
        .values({ ...letter, reason: 'taken_back' })
      throw new Error('take it back')
    })
    await expect(outcome).rejects.toThrow('take it back')
    const reasons = await drizzle(database.sql).select({ reason: deadLetters.reason }).from(deadLetters)
    expect(reasons).not.toContainEqual({ reason: 'taken_back' })
  })

  it("fails with the database's own error, also where no rows are asked for", async () => {
    const rate = { currency: 'USD', reportingCurrency: 'EUR', validFrom: '2026-01-01', rate: '-1' }
    const orm = drizzle(database.sql)
    await expect(orm.insert(exchangeRates).values(rate)).rejects.toMatchObject({ code: '23514' })
    await expect(orm.insert(exchangeRates).values(rate).returning()).rejects.toMatchObject({ code: '23514' })
  })
})

// Without the hook of drizzle.ts it is 150 MB (decision 009).
it('Drizzle leaves little behind in a process that reads it', () => {
  const script = `
    const before = process.memoryUsage().rss
    await import('#db/drizzle.ts')
    console.log(Math.round((process.memoryUsage().rss - before) / 2 ** 20))`
  const megabytes = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
  })
  expect(Number(megabytes)).toBeLessThan(40)
})
