import { getTableColumns, is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import * as schema from './schema.ts'

interface Column {
  column: string
  type: string
  nullable: boolean
}

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('the Drizzle schema', () => {
  const tables = Object.values(schema).filter(entry => is(entry, PgTable))

  it('names exactly the tables that the migrations make', async () => {
    const rows = await database.sql<{ name: string }[]>`
      select n.nspname || '.' || c.relname as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition
        and n.nspname in ('ref', 'log', 'intake', 'stream', 'batch', 'live', 'recon')
      order by name`
    const described = tables.map(table => {
      const { schema: schemaName, name } = getTableConfig(table)
      return `${schemaName}.${name}`
    })
    expect(described.sort()).toEqual(rows.map(row => row.name).sort())
  })

  it.each(tables.map(table => [getTableConfig(table).schema, getTableConfig(table).name, table] as const))(
    'describes the columns of %s.%s: names, types, nullability',
    async (schemaName, name, table) => {
      const actual = await database.sql<Column[]>`
        select a.attname as column, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable
        from pg_attribute a
        where a.attrelid = ${`${schemaName}.${name}`}::regclass and a.attnum > 0 and not a.attisdropped
        order by a.attnum`
      const described = Object.values(getTableColumns(table)).map(column => ({
        column: column.name,
        type: column.getSQLType().replace(', ', ','),
        nullable: !column.notNull,
      }))
      expect(described).toEqual([...actual])
    },
  )
})
