import type { Sql } from '#db/client.ts'
import { DAY_MS, formatInstant, type Instant } from '#domain/instant.ts'
import type { WorldEnd } from '#seed/history/world-history.ts'
import { newShopState } from '#seed/shop/shop-state.ts'
import { PARTITION_COUNT } from '#seed/world/stores.ts'
import { createWorld, type World } from '#seed/world/world.ts'
import { writeJournals, writeSeedRecord, writeShops } from '#seed/world/world-files.ts'
import { LogNotEmptyError, loadHistory } from '#server/log/history.ts'
import { type HistoryMaking, makeHistory } from './make-history.ts'
import { describeDone, rate, type SeedingProgress } from './progress.ts'
import type { SeedOptions } from './seed-options.ts'
import { writeMissedSales } from './write-missed-sales.ts'
import { writeReference } from './write-reference.ts'

/** Events for one order: returns, deliveries, counts and so on come on top. For the progress line only. */
const EVENTS_PER_ORDER = 1.15

export interface Seeding {
  sql: Sql
  options: SeedOptions
  dataDir: string
  progress: SeedingProgress
  stop: AbortSignal
}

/**
 * Writes a world into an empty log: what its events refer to, then its history; and beside the database what
 * the simulators need to go on.
 * @throws Error saying what to do when the log holds anything; nothing is written then
 */
export async function seedLog(seeding: Seeding): Promise<World> {
  const { sql, options, dataDir, progress } = seeding
  await refuseUnfitLog(sql)
  const { randomSeed, until, days } = options
  const world = createWorld(options)
  // No business day of the history begins before it, whatever the zone.
  const start = until - (days + 2) * DAY_MS
  // Threads that wait for nothing in the database: they start while the reference is written.
  const end: WorldEnd = {
    shops: Object.fromEntries(world.shops.map(shop => [shop.id, newShopState(world)])),
    journals: [],
    missed: [],
  }
  const onEnd = (reached: WorldEnd) => Object.assign(end, reached)
  const making = days > 0 ? makeHistory(world, { span: options, stop: seeding.stop, onEnd }) : null
  try {
    await writeReference(sql, world, start)
    progress.done(
      `${world.shops.length} stores, ${world.products.length} products; --until ${formatInstant(until)} --random-seed ${randomSeed}`,
    )
    if (making) await loadWorld(seeding, { start, chunks: making.chunks, end })
    else await writeWorld(dataDir, options, end)
  } finally {
    await making?.end()
  }
  return world
}

/**
 * What the simulators go on from. Written before the history stands: a seeding that is killed leaves a log that
 * is empty, and is then seeded anew, or one whose world is known.
 */
async function writeWorld(
  dataDir: string,
  { randomSeed, stores, ordersPerDay, until }: SeedOptions,
  { shops, journals }: WorldEnd,
): Promise<void> {
  const seed = { randomSeed, stores, ordersPerDay, until }
  await writeJournals(dataDir, journals)
  await writeSeedRecord(dataDir, seed)
  await writeShops(dataDir, { seed, shops, outboxes: {} })
}

/** An early word, before anything is written; `loadHistory` decides under its locks. */
async function refuseUnfitLog(sql: Sql): Promise<void> {
  const [row] = await sql<{ used: boolean; partitions: number }[]>`
    select exists (select from log.event_log) as used, (select count(*) from log.partitions) as partitions`
  if (row?.used) throw notEmpty()
  if (row?.partitions !== PARTITION_COUNT) {
    throw new Error(
      `The log has ${row?.partitions} partitions, and the seeded world is made for ${PARTITION_COUNT}: seed a log as migrations create it.`,
    )
  }
}

function notEmpty(): Error {
  return new Error(
    'The log already holds events, and history can only be loaded into an empty one. Begin anew with ' +
      '"npm run demo -- --reset", or set DATABASE_URL to an empty database or DATA_DIR to another folder.',
  )
}

async function loadWorld(
  { sql, options, dataDir, progress }: Seeding,
  { start, chunks, end }: { start: Instant; chunks: HistoryMaking['chunks']; end: WorldEnd },
): Promise<void> {
  progress.begin()
  const total = Math.round(options.days * options.ordersPerDay * EVENTS_PER_ORDER)
  let loaded = 0
  try {
    await loadHistory(sql, {
      chunks,
      from: start,
      to: options.until,
      onProgress(done) {
        loaded = done
        const most = Math.max(done, total).toLocaleString('en')
        const speed = rate(done, progress.elapsedMs())
        progress.show(
          `history: ${done.toLocaleString('en')} of about ${most} events · ${speed}`,
          done / total,
        )
      },
      async beforeCommit() {
        await writeMissedSales(sql, end.missed)
        await writeWorld(dataDir, options, end)
      },
    })
  } catch (error) {
    throw error instanceof LogNotEmptyError ? notEmpty() : error
  }
  const elapsedMs = progress.elapsedMs()
  progress.took('history', loaded)
  progress.done(`history: ${describeDone('events', loaded, elapsedMs)}`)
}
