import { readdir, readFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { partId } from '#domain/derived-id.ts'
import type { Sql } from './client.ts'
import { describeMissingMigrations, migrate, SchemaMismatchError } from './migrate.ts'
import { createTestDatabase, type TestDatabase } from './testing/database.ts'

const opened: TestDatabase[] = []

afterEach(async () => {
  for (const database of opened.splice(0)) await database.drop()
})

async function open(options: { migrated: boolean }): Promise<TestDatabase> {
  const database = await createTestDatabase(options)
  opened.push(database)
  return database
}

async function applied({ sql }: TestDatabase): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`select name from tillstream.migrations order by name`
  return rows.map(({ name }) => name)
}

async function shipped(): Promise<string[]> {
  const names = await readdir(new URL('./migrations/', import.meta.url))
  return names.filter(name => name.endsWith('.sql')).sort()
}

test('migrations are numbered from 0, without gaps', async () => {
  const names = await shipped()
  expect(names.map(name => name.slice(0, 5))).toEqual(
    names.map((_, index) => `${String(index).padStart(4, '0')}_`),
  )
})

describe('migrating', () => {
  test('an empty database from several processes at once applies each migration once', async () => {
    const database = await open({ migrated: false })
    await Promise.all(Array.from({ length: 3 }, () => migrate(database.url)))
    expect(await applied(database)).toEqual(await shipped())
  })

  test('a database of this version changes nothing', async () => {
    const database = await open({ migrated: true })
    const before = await readCatalogue(database.sql)
    await migrate(database.url)
    expect(await applied(database)).toEqual(await shipped())
    expect(await readCatalogue(database.sql)).toEqual(before)
  })

  test('a database of a later version is refused, and works on for those that run', async () => {
    const database = await open({ migrated: true })
    await database.sql`insert into tillstream.migrations (name, hash) values ('9999_later.sql', 'of later text')`
    await expect(migrate(database.url)).rejects.toThrow(SchemaMismatchError)
    await expect(migrate(database.url)).rejects.toThrow(
      'later version: this one does not know 9999_later.sql',
    )
    expect(await describeMissingMigrations(database.sql)).toBeUndefined()
  })

  test('a database made by another text is refused', async () => {
    const database = await open({ migrated: true })
    await database.sql`update tillstream.migrations set hash = 'of other text' where name = '0003_stream.sql'`
    await expect(migrate(database.url)).rejects.toThrow(SchemaMismatchError)
    await expect(migrate(database.url)).rejects.toThrow('another text of 0003_stream.sql')
    const count = (await shipped()).length
    expect(await describeMissingMigrations(database.sql)).toContain(`${count - 1} of ${count} migrations`)
  })

  test('a database that lacks the youngest migration applies it', async () => {
    const database = await open({ migrated: true })
    const before = await readCatalogue(database.sql)
    await database.sql`drop schema reports cascade`
    await database.sql`delete from tillstream.migrations where name = '0007_reports.sql'`
    const count = (await shipped()).length
    expect(await describeMissingMigrations(database.sql)).toContain(`${count - 1} of ${count} migrations`)
    await migrate(database.url)
    expect(await applied(database)).toEqual(await shipped())
    expect(await readCatalogue(database.sql)).toEqual(before)
  })
})

describe('a database of version 0.1.0', () => {
  async function openReleased(): Promise<TestDatabase> {
    const database = await open({ migrated: false })
    const snapshot = new URL('./testing/schema-0.1.0.sql', import.meta.url)
    await database.sql.unsafe(await readFile(snapshot, 'utf8'))
    return database
  }

  test('gets the tables of a new one, and keeps its rows', async () => {
    const database = await openReleased()
    await database.sql`insert into ref.suppliers values ('s1', 'Supplier 1')`
    await database.sql`
      insert into ref.stores (store, name, zone, cut_over_hour, currency, tax_inclusive, channel, input, partition)
      values ('old', 'Old', 'CET', 2, 'EUR', false, 'pos', 'journal', 1)`
    expect(await describeMissingMigrations(database.sql)).toMatch(/^0 of/)
    await Promise.all([migrate(database.url), migrate(database.url)])
    expect(await applied(database)).toEqual(await shipped())
    const fresh = await open({ migrated: true })
    expect(await readCatalogue(database.sql)).toEqual(await readCatalogue(fresh.sql))
    expect(await database.sql`select name from ref.suppliers`).toEqual([{ name: 'Supplier 1' }])
    // What a store was, it has been since the first business day.
    expect(
      await database.sql`select store, valid_from, zone, cut_over_hour, tax_inclusive, input from ref.store_versions`,
    ).toMatchObject([
      { store: 'old', valid_from: '1900-01-01', zone: 'CET', cut_over_hour: 2, tax_inclusive: false },
    ])
    expect(await database.sql`select store, partition from ref.current_stores`).toEqual([
      { store: 'old', partition: 1 },
    ])
  })

  test('recognises what it holds under the ids that legs and parts have now, and in the other spelling', async () => {
    const database = await openReleased()
    const put = (id: string, type: string, eventClass: string) => database.sql`
      with key as (
        insert into log.event_keys (source, id, "offset", body_hash, partition)
        select 'inv', ${id}, 1 + count(*), gen_random_uuid(), 0 from log.event_keys returning *
      )
      insert into log.event_log ("offset", appended_at, event_time, partition, rules_version, type, class, source, id)
      select "offset", now(), now(), 0, 1, ${type}, ${eventClass}, source, id from key`
    await database.sql`select log.ensure_days(current_date, current_date + 1)`
    await put('t-1#out', 'stock.transferred', 'live')
    await put('d-1#adjust', 'stock.adjusted', 'bulk')
    await put('d-2#return', 'order.returned', 'bulk')
    await put('s-1#out', 'order.placed', 'live')
    await put('cafe\u0301', 'order.placed', 'live')
    await put('cafe\u0301#in', 'stock.transferred', 'live')
    await migrate(database.url)
    const keys = await database.sql<{ id: string; same: string[] }[]>`
      select (array_agg(id order by id collate "C"))[1] as id, array_agg(id order by id collate "C" desc) as same
      from log.event_keys group by "offset", body_hash order by "offset"`
    expect(keys.map(({ same }) => same)).toEqual([
      ['t-1#out', partId('t-1', 'out')],
      ['d-1#adjust', partId('d-1', 'adjust')],
      ['d-2#return', partId('d-2', 'return')],
      ['s-1#out'],
      ['caf\u00e9', 'cafe\u0301'],
      ['caf\u00e9#in', partId('caf\u00e9', 'in'), 'cafe\u0301#in', partId('cafe\u0301', 'in')],
    ])
  })

  test('has its days converted by the rates of their days, and knows from where on it has stock', async () => {
    const { sql, url } = await openReleased()
    await sql`insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate) values
      ('USD', 'EUR', '2026-01-01', 0.5), ('USD', 'EUR', '2026-02-01', 0.9)`
    await sql`
      insert into batch.daily_sales (business_day, store, channel, currency, orders, units, gross, discounts, returns,
        return_documents, units_returned, tax, customers, run_id)
      select day::date, 'one', 'pos', currency, 1, 1, 30003, 0, 0, 0, 0, 0, 0, 1
      from unnest(array['2026-01-31', '2026-02-01']) as day, unnest(array['EUR', 'USD', 'CHF']) as currency`
    await sql`select log.ensure_days(current_date, current_date)`
    await sql`
      insert into log.event_log (partition, "offset", appended_at, source, id, type, class, store, event_time,
        business_day, rules_version, skus, units, channel, currency)
      values (0, 1, now(), 's', '1', 'stock.counted', 'live', 'one', now(), '2026-02-01', 1, '{tea}', '{1}', null, null),
        (0, 2, now(), 's', '2', 'order.returned', 'live', 'one', now(), '2026-02-01', 1, '{tea}', '{1}', 'pos', 'EUR'),
        (0, 3, now(), 's', '3', 'stock.counted', 'live', 'one', now(), '2026-01-31', 1, '{tea}', '{1}', null, null)`
    // The last one is not yet part of what the planner has seen: it counts it when it comes to it.
    await sql`insert into batch.planner_checkpoints values (0, 2, now())`
    await sql`
      insert into batch.day_head (store, business_day, partition, first_offset, first_appended_at, last_offset,
        last_appended_at, events)
      values ('one', '2026-02-01', 0, 1, now(), 1, now(), 1), ('one', '2026-01-31', 0, 1, now(), 1, now(), 1)`
    await migrate(url)
    const converted = await sql`
      select business_day as day, currency, exchange_rate::float8 as rate, net_in_reporting_currency as net
      from batch.daily_sales where reporting_currency = 'EUR' order by day, currency`
    expect(converted).toEqual([
      { day: '2026-01-31', currency: 'CHF', rate: null, net: null },
      { day: '2026-01-31', currency: 'EUR', rate: 1, net: 30_003 },
      { day: '2026-01-31', currency: 'USD', rate: 0.5, net: 15_002 },
      { day: '2026-02-01', currency: 'CHF', rate: null, net: null },
      { day: '2026-02-01', currency: 'EUR', rate: 1, net: 30_003 },
      { day: '2026-02-01', currency: 'USD', rate: 0.9, net: 27_003 },
    ])
    expect(await sql`select * from batch.rate_changes`).toHaveLength(0)
    expect(await sql`select business_day, stock_anchors, documents from batch.day_head order by 1`).toEqual([
      { business_day: '2026-01-31', stock_anchors: 0, documents: 0 },
      { business_day: '2026-02-01', stock_anchors: 1, documents: 1 },
    ])
  })

  test('is refused, and stays as it is, when only part of that version is there', async () => {
    const database = await openReleased()
    await database.sql`delete from tillstream.__drizzle_migrations where id = 6`
    const before = await readCatalogue(database.sql)
    await expect(migrate(database.url)).rejects.toThrow(SchemaMismatchError)
    const tables = (catalogue: string[]) => catalogue.filter(line => !line.includes('tillstream.migrations'))
    expect(tables(await readCatalogue(database.sql))).toEqual(tables(before))
  })
})

/** Everything that a migration can make, a line each: what two databases of one schema have in common. */
async function readCatalogue(sql: Sql): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    with ours as (
      select oid, nspname, nspacl from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
    ), relations as (
      select c.*, nspname || '.' || c.relname as name from pg_class c join ours on ours.oid = c.relnamespace
    )
    select concat_ws(' | ', kind, name, detail, comment, grants) as line from (
      select 'schema' as kind, nspname::text as name, null as detail,
        obj_description(oid, 'pg_namespace') as comment, nspacl::text as grants
      from ours where nspname <> 'public'
      union all
      select 'relation ' || relkind::text, name,
        concat_ws(' ', relpersistence, reloptions::text, pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid),
          case when relkind = 'v' then pg_get_viewdef(oid) end),
        obj_description(oid, 'pg_class'), relacl::text
      from relations where relkind <> 'i'
      union all
      select 'column', r.name || '.' || a.attname,
        concat_ws(' ', row_number() over (partition by r.oid order by a.attnum), format_type(a.atttypid, a.atttypmod),
          a.attnotnull, a.attidentity, a.attgenerated, a.attcollation::regcollation::text, pg_get_expr(d.adbin, d.adrelid)),
        col_description(r.oid, a.attnum), a.attacl::text
      from relations r
      join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
      where r.relkind <> 'i'
      union all
      select 'constraint', r.name || '.' || c.conname, pg_get_constraintdef(c.oid),
        obj_description(c.oid, 'pg_constraint'), null
      from pg_constraint c join relations r on r.oid = c.conrelid
      union all
      select 'index', name, pg_get_indexdef(oid), obj_description(oid, 'pg_class'), null
      from relations where relkind in ('i', 'I')
      union all
      select 'trigger', r.name || '.' || t.tgname, pg_get_triggerdef(t.oid), obj_description(t.oid, 'pg_trigger'), null
      from pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal
      union all
      select 'routine', p.oid::regprocedure::text,
        case when p.prokind = 'a'
          then (select concat_ws(' ', a.aggtransfn, a.aggcombinefn, a.aggtranstype::regtype, a.agginitval, p.proparallel)
                from pg_aggregate a where a.aggfnoid = p.oid)
          else pg_get_functiondef(p.oid) end,
        obj_description(p.oid, 'pg_proc'), p.proacl::text
      from pg_proc p join ours on ours.oid = p.pronamespace
      union all
      select 'default grant', defaclnamespace::regnamespace::text, defaclobjtype::text, null, defaclacl::text
      from pg_default_acl
      union all
      select 'type', t.oid::regtype::text, t.typtype::text, null, t.typacl::text
      from pg_type t join ours on ours.oid = t.typnamespace where t.typtype in ('e', 'd')
    ) everything`
  expect(rows.length).toBeGreaterThan(1000)
  return rows.map(({ line }) => line).sort()
}
