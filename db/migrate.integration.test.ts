import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { migrate } from './migrate.ts'
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

async function applied({ sql }: TestDatabase): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*) as count from tillstream.__drizzle_migrations`
  return row?.count ?? 0
}

async function shipped(): Promise<number> {
  const journal = await readFile(new URL('./migrations/meta/_journal.json', import.meta.url), 'utf8')
  return (JSON.parse(journal) as { entries: unknown[] }).entries.length
}

describe('migrating', () => {
  test('an empty database from several processes at once applies each migration once', async () => {
    const database = await open({ migrated: false })
    await Promise.all(Array.from({ length: 3 }, () => migrate(database.url)))
    expect(await applied(database)).toBe(await shipped())
  })

  test('a database of this version, or of a later one, changes nothing', async () => {
    const database = await open({ migrated: true })
    await migrate(database.url)
    expect(await applied(database)).toBe(await shipped())
    await database.sql`
      insert into tillstream.__drizzle_migrations (hash, created_at)
      select 'of a later version', max(created_at) + 1 from tillstream.__drizzle_migrations`
    await migrate(database.url)
    expect(await applied(database)).toBe((await shipped()) + 1)
  })

  test('a database that lacks the youngest migration applies it', async () => {
    const database = await open({ migrated: true })
    await database.sql`
      delete from tillstream.__drizzle_migrations
      where created_at = (select max(created_at) from tillstream.__drizzle_migrations)`
    // What it makes is there already, so applying it may fail: then it was tried.
    const outcome = await migrate(database.url).then(
      () => applied(database),
      (error: Error) => error.message,
    )
    if (outcome !== (await shipped())) expect(outcome).toContain('Failed query')
  })
})
