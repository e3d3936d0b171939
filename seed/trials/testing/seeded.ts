import { cp, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, onTestFinished } from 'vitest'
import { copyTestDatabase, createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { SeedingProgress } from '#seed/seeder/progress.ts'
import { seedLog } from '#seed/seeder/seed-log.ts'
import { createWorld, type World } from '#seed/world/world.ts'

/** A Friday on which all four stores are open. */
export const TRIAL_START = Date.UTC(2026, 10, 20, 15, 30)
export const HISTORY_DAYS = 4

/** A database and a data folder as the seeder leaves them. */
export interface Seeded {
  world: World
  seed: { randomSeed: number; stores: number; ordersPerDay: number; until: Instant }
  database: TestDatabase
  dataDir: string
}

/** Chains of so many stores that this file has seeded: each trial begins with a copy. */
const seeded = new Map<number, Promise<Seeded>>()

afterAll(async () => {
  for (const { database, dataDir } of await Promise.all(seeded.values())) {
    await database.drop()
    await rm(dataDir, { recursive: true })
  }
})

/** A copy of a seeded chain for one test, which ends with it. */
export async function openSeeded(stores: number): Promise<Seeded> {
  const known = seeded.get(stores) ?? seedTrial(stores)
  seeded.set(stores, known)
  const original = await known
  const copy = { database: await copyTestDatabase(original.database), dataDir: await makeDataDir() }
  onTestFinished(async () => {
    await copy.database.drop()
    await rm(copy.dataDir, { recursive: true })
  })
  await cp(original.dataDir, copy.dataDir, { recursive: true })
  return { ...original, ...copy }
}

async function seedTrial(stores: number): Promise<Seeded> {
  const [database, dataDir] = [await createTestDatabase(), await makeDataDir()]
  const seed = { randomSeed: 1, stores, ordersPerDay: 300, until: TRIAL_START - MINUTE_MS }
  await seedLog({
    sql: database.sql,
    options: { ...seed, json: false, days: HISTORY_DAYS },
    dataDir,
    progress: new SeedingProgress({ isTTY: false, columns: 80, write: () => true }, () => performance.now()),
    stop: new AbortController().signal,
  })
  return { world: createWorld(seed), seed, database, dataDir }
}

function makeDataDir(): Promise<string> {
  return mkdtemp(path.join(os.tmpdir(), 'tillstream-trial-'))
}
