import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { startProgram } from '#platform/process.ts'
import { categories } from './categories/categories.ts'
import { costs } from './costs/costs.ts'
import { people } from './people/people.ts'
import { policies } from './policies/policies.ts'
import { products } from './products/products.ts'
import { addReference, type ReferenceTable } from './reference-table.ts'
import { suppliers } from './suppliers/suppliers.ts'

const NOW = Date.UTC(2026, 10, 20, 12)

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

const add = <Row>(table: ReferenceTable<Row>, text: string) =>
  addReference(database.sql, table, { text, file: 'given.csv', now: NOW })

/** A store, two products and a supplier. */
async function known(): Promise<void> {
  await database.sql`insert into ref.stores (store, name, partition) values ('berlin', 'Berlin', 0)`
  await add(products, 'sku,name,category\ntea,Green tea,Tea\njam,Jam,Preserves\n')
  await add(suppliers, 'supplier,validFrom\nsmith,2026-01-01\n')
}

describe('products', () => {
  test('are added, changed where something is said otherwise, and left alone where not', async () => {
    expect(await add(products, 'sku,name,category\ntea,Tea,Tea\njam,Jam,\n')).toEqual([
      { key: 'jam', change: 'added' },
      { key: 'tea', change: 'added' },
    ])
    expect(await add(products, '[{"sku":"tea","name":"Green tea"},{"sku":"jam"}]')).toEqual([
      { key: 'jam', change: 'unchanged' },
      { key: 'tea', change: 'changed' },
    ])
    expect(await products.list(database.sql)).toEqual([
      { sku: 'tea', name: 'Green tea', category: 'Tea', holdsStock: true },
      { sku: 'jam', name: 'Jam', category: null, holdsStock: true },
    ])
  })
})

describe('categories', () => {
  test('are listed with their products, and products are put into them', async () => {
    await known()
    expect(await add(categories, 'sku,category\ntea,Hot drinks\njam,Preserves\n')).toEqual([
      { key: 'jam', change: 'unchanged' },
      { key: 'tea', change: 'changed' },
    ])
    expect(await categories.list(database.sql)).toEqual([
      { category: 'Hot drinks', products: 1, holdStock: 1 },
      { category: 'Preserves', products: 1, holdStock: 1 },
    ])
  })

  test('take no product that nobody knows', async () => {
    await expect(add(categories, 'sku,category\nhoney,Preserves\n')).rejects.toThrow(
      'line 2: sku honey is no product: add it first (npm run products -- add FILE)',
    )
  })
})

describe('people', () => {
  test('are entered with a role, and changed by the same code; a role that is none is refused by row', async () => {
    const text = 'person,name,role,email\nada,Ada,buyer,ada@example.com\nben,Ben,manager,\n'
    expect((await add(people, text)).map(({ change }) => change)).toEqual(['added', 'added'])
    expect((await add(people, text)).map(({ change }) => change)).toEqual(['unchanged', 'unchanged'])
    expect(await add(people, 'person,name,role\nben,Ben,viewer\n')).toEqual([
      { key: 'ben', change: 'changed' },
    ])
    expect(await people.list(database.sql)).toMatchObject([
      { person: 'ada', role: 'buyer', email: 'ada@example.com' },
      { person: 'ben', role: 'viewer', email: null },
    ])
    await expect(add(people, 'person,name,role\ncleo,Cleo,boss\n')).rejects.toThrow(
      'line 2, role: must be one of buyer, manager, viewer',
    )
    await expect(add(people, 'person,name,role\nCleo X,Cleo,viewer\n')).rejects.toThrow(
      'a code of small letters',
    )
  })
})

describe('costs', () => {
  test('have validity: a row stands beside those of other days, and the same row changes nothing', async () => {
    await known()
    const text =
      'sku,supplier,valid_from,unit_cost,currency,pack_size,lead_time_days\ntea,smith,2026-01-01,1.25,EUR,6,2\ntea,smith,2026-12-01T08:00:00+01:00,1.5,EUR,12,1.5\n'
    expect((await add(costs, text)).map(({ change }) => change)).toEqual(['added', 'added'])
    expect((await add(costs, text)).map(({ change }) => change)).toEqual(['unchanged', 'unchanged'])
    expect(await costs.list(database.sql)).toMatchObject([
      { sku: 'tea', unitCost: '1.25', packSize: 6, leadTimeDays: '2' },
      {
        validFrom: expect.stringContaining('2026-12-01T07:00'),
        unitCost: '1.5',
        packSize: 12,
        leadTimeDays: '1.5',
      },
    ])
  })

  test('that say neither from when on nor a currency hold from now on, in the reporting currency', async () => {
    await known()
    expect(await add(costs, '{"sku":"tea","supplier":"smith","unitCost":1.25,"leadTimeDays":2}')).toEqual([
      { key: 'tea from 2026-11-20T12:00:00.000Z', change: 'added' },
    ])
    expect(await costs.list(database.sql)).toMatchObject([{ currency: 'EUR', packSize: 1 }])
  })

  test.each([
    ['tea,smith,-1,6,2', 'line 2, unitCost: must be a decimal from 0 on'],
    ['tea,smith,1.25,0,2', 'line 2, packSize: must be a whole number from 1 on'],
    ['tea,smith,1.25,6,-2', 'line 2, leadTimeDays: must be a decimal from 0 on'],
    ['honey,smith,1.25,6,2', 'line 2: sku honey is no product: add it first (npm run products -- add FILE)'],
    [
      'tea,jones,1.25,6,2',
      'line 2: supplier jones is not known: add it first (npm run suppliers -- add FILE)',
    ],
  ])('%s is refused by its row, and nothing of the file is taken', async (row, message) => {
    await known()
    const text = `sku,supplier,unitCost,packSize,leadTimeDays\n${row}\njam,smith,2,1,1\n`
    await expect(add(costs, text)).rejects.toThrow(message)
    expect(await costs.list(database.sql)).toEqual([])
  })
})

describe('suppliers', () => {
  test('have terms with validity', async () => {
    const text =
      'supplier,name,validFrom,deliveryDays,minimumValue,expressMinutes,expressFee\nsmith,Smith and Sons,2026-01-01,tue fri,80.00,20,19.90\n'
    expect(await add(suppliers, text)).toEqual([
      { key: 'smith from 2026-01-01T00:00:00.000Z', change: 'added' },
    ])
    expect((await add(suppliers, text))[0]?.change).toBe('unchanged')
    expect(await suppliers.list(database.sql)).toMatchObject([
      {
        ...{ supplier: 'smith', name: 'Smith and Sons', deliveryDays: ['tue', 'fri'], minimumValue: '80' },
        ...{ expressMinutes: 20, expressFee: '19.9', currency: 'EUR' },
      },
    ])
    // A name alone is no new term of what stands.
    const renamed = await add(suppliers, text.replace('Smith and Sons', 'Smith & Sons'))
    expect(renamed[0]?.change).toBe('changed')
  })

  test.each([
    ['{"supplier":"s","deliveryDays":["someday"]}', 'deliveryDays: must be weekdays, such as "tue fri"'],
    ['{"supplier":"s","minimumValue":"-5"}', 'minimumValue: must be a decimal from 0 on'],
    [
      '{"supplier":"s","expressMinutes":20}',
      'express is given by expressMinutes and expressFee, both or neither',
    ],
    [
      '{"supplier":"s","expressMinutes":0,"expressFee":"1"}',
      'expressMinutes: must be a whole number from 1 on',
    ],
    ['{"supplier":"s","validFrom":"soon"}', 'validFrom: must be a date YYYY-MM-DD or an instant'],
  ])('%s is refused', async (text, message) => {
    await expect(add(suppliers, text)).rejects.toThrow(message)
  })
})

describe('policies', () => {
  test("are a person's word, also in place of one that was computed", async () => {
    await known()
    await database.sql`
      insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to, source, service_level)
      values ('berlin', 'tea', '2026-01-01Z', 3, 9, 'computed', 0.95)`
    const text =
      'store,sku,validFrom,reorderPoint,orderUpTo\nberlin,tea,2026-01-01,12,40\nberlin,jam,2026-01-01,0,\n'
    expect((await add(policies, text)).map(({ change }) => change)).toEqual(['added', 'changed'])
    expect(await policies.list(database.sql)).toMatchObject([
      { sku: 'jam', reorderPoint: 0, orderUpTo: null, source: 'file' },
      { sku: 'tea', reorderPoint: 12, orderUpTo: 40, source: 'file' },
    ])
    const [row] = await database.sql`select service_level from ref.stock_policies where sku = 'tea'`
    expect(row).toEqual({ service_level: null })
  })

  test('hold at once, but after what was judged already; what is dated before that is taken, and said', async () => {
    await known()
    await add(policies, 'store,sku,reorderPoint\nberlin,jam,3\n')
    expect(await policies.list(database.sql)).toMatchObject([{ validFrom: '2026-11-20T12:00:00+00:00' }])
    // Of any generation: one that another engine fills may be ahead of the active one.
    const judgedAt = Date.UTC(2026, 10, 20, 12, 2)
    await database.sql`select stream.create_generation(2, 2, 'flink')`
    await database.sql`
      insert into stream.stock (generation, partition, store, sku, on_order, as_of, last_offset, judged_at, processed_at)
      values (2, 0, 'berlin', 'tea', 0, ${judgedAt}, 1, ${judgedAt}, now())`
    const [unsaid] = await add(policies, 'store,sku,reorderPoint\nberlin,tea,12\n')
    expect(unsaid).toEqual({ key: 'berlin tea from 2026-11-20T12:02:00.001Z', change: 'added' })
    const at = (validFrom: string) => `store,sku,validFrom,reorderPoint\nberlin,tea,${validFrom},12\n`
    for (const past of ['2026-01-01', '2026-11-20T12:02:00Z']) {
      const [dated] = await add(policies, at(past))
      expect(dated).toMatchObject({ change: 'added', key: `berlin tea from ${new Date(past).toISOString()}` })
      expect(dated?.note).toContain('was judged up to 2026-11-20T12:02:00.000Z by what held then')
    }
    // What stands is no change, whatever was judged since.
    await database.sql`update stream.stock set judged_at = now()`
    expect(await add(policies, at('2026-01-01'))).toEqual([
      { key: 'berlin tea from 2026-01-01T00:00:00.000Z', change: 'unchanged' },
    ])
  })

  test('name every row that does not fit', async () => {
    await known()
    const text =
      'store,sku,reorderPoint,orderUpTo,leadTimeDays\nberlin,tea,12,5,\nberlin,tea,-1,5,\nberlin,jam,1,5,-2\n'
    await expect(add(policies, text)).rejects.toThrow(
      [
        'given.csv was not taken, nothing of it:',
        '  line 2: orderUpTo must not be below reorderPoint: what is ordered would be short when it comes',
        '  line 3, reorderPoint: must be a whole number from 0 on',
        '  line 4, leadTimeDays: must be a decimal from 0 on with at most 2 digits after its point, such as "2"',
      ].join('\n'),
    )
    await expect(add(policies, 'store,sku,reorderPoint\nrome,tea,1\nberlin,honey,1\n')).rejects.toThrow(
      [
        '  line 2: store rome is not known: add it first (npm run stores -- add FILE)',
        '  line 3: sku honey is no product: add it first (npm run products -- add FILE)',
      ].join('\n'),
    )
    expect(await policies.list(database.sql)).toEqual([])
  })
})

describe('the commands', () => {
  test('take a file and list what stands', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-reference-'))
    const run = (name: string, args: readonly string[]) =>
      startProgram({
        entry: `server/intake/reference/${name}/main.ts`,
        args,
        settings: { DATABASE_URL: database.url, LOG_LEVEL: 'warn', NODE_OPTIONS: '' },
      }).ended
    try {
      const file = path.join(folder, 'products.csv')
      await writeFile(file, 'sku;name;category\ntea;Green tea;Tea\n')
      expect(await run('products', ['add', file])).toMatchObject({ code: 0, stdout: 'tea: added\n' })
      const listed = await run('categories', ['list'])
      expect(listed.stdout).toBe('category  products  holdStock\nTea       1         1\n')
      expect(await run('costs', ['list'])).toMatchObject({
        code: 0,
        stdout: 'No costs yet: npm run costs -- add FILE\n',
      })
      const refused = await run('policies', ['add', path.join(folder, 'none.csv')])
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('none.csv cannot be read') })
      expect(await run('suppliers', ['remove'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('npm run suppliers -- list'),
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
