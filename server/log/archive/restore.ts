import { createReadStream } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { addDays } from '#domain/calendar.ts'
import { type AppendDay, ArchiveError, type DayManifest } from '#domain/log-archive.ts'
import { literal, openDuckDb } from '#platform/duckdb.ts'
import { LogNotEmptyError } from '#server/log/history.ts'
import { ensureLogDays } from '#server/log/postgres-log.ts'
import type { ArchiveStore } from './archive-store.ts'
import { listDroppedDays, noteArchived, readIdentity } from './archived-days.ts'
import { fetchDay, logContents } from './contents.ts'
import { readLogManifest, readManifests, refuseOtherLog } from './log-manifest.ts'
import { restoreReference } from './reference.ts'
import { copyArchived, toEventsCsv, toJsonCsv, toKeysCsv } from './statements.ts'
import { readDayManifest, refuseDifference, refuseOtherVersion } from './verify-day.ts'
import { inTemporaryFolder } from './write-day.ts'

export interface RestoredLog {
  days: DayManifest[]
  rows: number
}

/**
 * Restores the whole log into an empty database, which becomes that log: events, keys, identity and, where it knows no
 * store yet, the reference data; all in one transaction. Appends wait meanwhile.
 * @throws LogNotEmptyError; ArchiveError where the archive is not whole, or a file of it is not what its manifest says
 */
export async function restoreLog(
  sql: Sql,
  store: ArchiveStore,
  { onDay }: { onDay?: (manifest: DayManifest) => void } = {},
): Promise<RestoredLog> {
  const identity = await readLogManifest(store)
  const manifests = await readManifests(store)
  const own = await readIdentity(sql)
  if (identity.offsets === 'gaps') {
    throw new ArchiveError(
      'the archive is of a log in Kafka, whose offsets have gaps: its days can be brought back, but a log in Postgres ' +
        'cannot be made of it',
    )
  }
  if (own.partitions !== identity.partitions) {
    throw new ArchiveError(
      `the archive's log has ${identity.partitions} partitions, this database's ${own.partitions}: stores would lie elsewhere`,
    )
  }
  await sql.begin(async transaction => {
    await transaction`
      select pg_advisory_xact_lock(7411, partition) from (select partition from log.partitions order by 1) p`
    const [row] = await transaction<{ taken: boolean }[]>`
      select exists (select from log.event_log) or exists (select from log.event_keys) as taken`
    if (row?.taken !== false) throw new LogNotEmptyError()
    await transaction`update log.identity set log_id = ${identity.log}`
    await restoreReference(transaction, store, identity)
    for (const manifest of manifests) {
      // One that was made ahead for the days to come is as empty as the log, and gives way.
      await transaction.unsafe(`drop table if exists ${tableOfDay(manifest.appendDay)}`)
      await loadDay(transaction, store, manifest)
      await noteArchived(transaction, { manifest, archive: store.address, partitions: own.partitions })
      onDay?.(manifest)
    }
  })
  await ensureLogDays(sql)
  // Without statistics the first queries take the log for empty.
  await sql`
    analyze log.event_log ("offset", appended_at, event_time, partition, type, class, store, channel, currency,
      business_day, customer)`
  await sql`analyze log.event_keys`
  return { days: manifests, rows: manifests.reduce((sum, { rows }) => sum + rows, 0) }
}

/**
 * Brings a day back that retention has dropped; where the log has it, nothing happens.
 * @returns whether it was brought back
 * @throws ArchiveError where the archive lacks the day, is of another log, or is not what it should be
 */
export async function bringBackDay(sql: Sql, store: ArchiveStore, day: AppendDay): Promise<boolean> {
  const manifest = await readDayManifest(store, day)
  refuseOtherLog(manifest.log, (await readIdentity(sql)).log, `the manifest of append day ${day}`)
  return (await sql.begin(async transaction => {
    // Two who want the same day take turns, and retention with them.
    await transaction`select from log.archived_days where append_day = ${day} for update`
    const noted = (await listDroppedDays(transaction)).find(({ appendDay }) => appendDay === day)
    if (!noted) return false
    refuseOtherVersion(manifest, noted)
    await loadDay(transaction, store, manifest)
    await transaction`update log.archived_days set dropped_at = null where append_day = ${day}`
    return true
  })) as boolean
}

/** As log.ensure_days names it. The day comes from a manifest that was parsed, so it holds digits alone. */
export function tableOfDay(day: AppendDay): string {
  return `log.event_log_${day.replaceAll('-', '')}`
}

/**
 * Loads a day as a table of its own, compares it with the manifest, and only then makes it a part of the log: until then
 * nobody waits for it, and nobody sees it.
 */
async function loadDay(transaction: Transaction, store: ArchiveStore, manifest: DayManifest): Promise<void> {
  const { appendDay } = manifest
  const table = tableOfDay(appendDay)
  await inTemporaryFolder(async folder => {
    const parquet = await fetchDay(store, manifest, folder)
    const files = {
      events: path.join(folder, 'events.csv'),
      json: path.join(folder, 'json.csv'),
      keys: path.join(folder, 'keys.csv'),
    }
    const duck = await openDuckDb([folder, store.localFolder(folder)])
    try {
      await duck.run(toEventsCsv({ parquet, csv: files.events }))
      await duck.run(toJsonCsv({ parquet, csv: files.json }))
      await duck.run(toKeysCsv({ parquet, csv: files.keys }))
    } finally {
      duck.close()
    }
    await transaction.unsafe(`create table ${table} (like log.event_log including defaults)`)
    await copyFrom(transaction, copyArchived(table), files.events)
    await transaction`create temporary table archived_rows (as_json jsonb) on commit drop`
    await copyFrom(transaction, 'copy archived_rows from stdin (format csv)', files.json)
    await transaction.unsafe(
      `insert into ${table} select (jsonb_populate_record(null::log.event_log, as_json)).* from archived_rows`,
    )
    await transaction`drop table archived_rows`
    await transaction`create temporary table archived_keys (like log.event_keys including defaults) on commit drop`
    await copyFrom(
      transaction,
      'copy archived_keys (source, id, "offset", body_hash, partition) from stdin (format csv)',
      files.keys,
    )
    await transaction`
      insert into log.event_keys (source, id, "offset", body_hash, partition)
      select source, id, "offset", body_hash, partition from archived_keys order by source, id, "offset"
      on conflict do nothing`
    await transaction`drop table archived_keys`
    await transaction.unsafe(
      `alter table log.event_log attach partition ${table} for values from (${literal(`${appendDay} 00:00:00+00`)}) to (${literal(`${addDays(appendDay, 1)} 00:00:00+00`)})`,
    )
    // What the log does with them when they come: the prices they say stand in ref.prices. Twice is once.
    await transaction.unsafe(`
      with again as (delete from ${table} where type = 'price.changed' returning *)
      insert into log.event_log select * from again`)
  })
  refuseDifference(manifest, await logContents(transaction, appendDay))
}

async function copyFrom(transaction: Transaction, statement: string, file: string): Promise<void> {
  await pipeline(createReadStream(file), await transaction.unsafe(statement).writable())
}
