import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Instant } from '#domain/instant.ts'
import type { Journal } from '#seed/history/arrivals.ts'
import type { ShopState } from '#seed/shop/shop-state.ts'
import type { Outgoing } from '#seed/simulators/sender.ts'
import type { WorldParameters } from './world.ts'

/** What the seeder made: the simulators go on in the same world. */
export interface SeedRecord extends WorldParameters {
  until: Instant
}

/** Raised when `ShopState` changes: an older file is then left alone, and the shops count their shelves anew. */
const SHOPS_SHAPE = 4

/** The shops as they stand, of the world that `seed` names. */
export interface ShopsRecord {
  seed: SeedRecord
  shops: Record<string, ShopState>
  /** What was sent and not taken when the simulators stopped, by source. */
  outboxes: Record<string, Outgoing[]>
  /** Which book tells what happened after this was written; the simulators', and none before they first ran. */
  book?: number
}

// Beside the database in DATA_DIR: what people in shops know is no part of the system they report to.
const SEED_FILE = 'seed.json'
const SHOPS_FILE = 'shops.json'
const JOURNALS_FOLDER = 'journals'

export async function writeSeedRecord(dataDir: string, seed: SeedRecord): Promise<void> {
  await writeWhole(dataDir, SEED_FILE, JSON.stringify(seed))
}

/** @returns null when nothing was seeded from here */
export async function readSeedRecord(dataDir: string): Promise<SeedRecord | null> {
  return (await readJson(dataDir, SEED_FILE)) as SeedRecord | null
}

export async function writeShops(dataDir: string, record: ShopsRecord): Promise<void> {
  await writeWhole(dataDir, SHOPS_FILE, JSON.stringify({ shape: SHOPS_SHAPE, ...record }))
}

/** @returns null when there are none, or those of another world or of an earlier shape */
export async function readShops(dataDir: string, seed: SeedRecord): Promise<ShopsRecord | null> {
  const file = (await readJson(dataDir, SHOPS_FILE)) as (ShopsRecord & { shape?: number }) | null
  return file?.shape === SHOPS_SHAPE && isDeepStrictEqual(file.seed, seed) ? file : null
}

/**
 * Keeps what journal stores wrote down and nobody has delivered yet, in place of what an earlier world left: a
 * file a business day, an event a line as POST takes it; 'madrid-sol-2026-11-19.ndjson' for a whole day,
 * 'madrid-sol-2026-11-20-0.ndjson' for its first part.
 */
export async function writeJournals(dataDir: string, journals: readonly Journal[]): Promise<void> {
  const folder = path.join(dataDir, JOURNALS_FOLDER)
  await rm(folder, { recursive: true, force: true })
  for (const { store, businessDay, part, events } of journals) {
    const name = [store, businessDay, ...(part === null ? [] : [part])].join('-')
    await writeWhole(folder, `${name}.ndjson`, events.map(event => `${JSON.stringify(event)}\n`).join(''))
  }
}

/** Renamed into place: a reader, or a start after a crash, finds the old file or the new one. */
async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, name)
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

async function readJson(dataDir: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path.join(dataDir, name), 'utf8'))
  } catch (error) {
    // Absent, or cut short by a full disk: the world is then begun without it.
    if ((error as { code?: string }).code === 'ENOENT' || error instanceof SyntaxError) return null
    throw error
  }
}
