import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { rm, statfs, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { acquireEmbeddedPostgres, watchEmbeddedPostgres } from '#db/embedded/embedded-postgres.ts'
import { migrate } from '#db/migrate.ts'
import { createTestDatabase } from '#db/testing/database.ts'
import { makeTestDirectory, removeTestDirectory } from '#db/testing/server.ts'
import { addTestStores, order, post, startTestIntake } from './testing/intake.ts'

/** A database whose disk can be filled and emptied. */
interface FullableDatabase {
  url: string
  fill(): Promise<void>
  makeRoom(): Promise<void>
  drop(): Promise<void>
}

const DISK_MEGABYTES = 400

/** A server whose data lie on a small disk of their own. Undefined where we may not mount one. */
async function onSmallDisk(): Promise<FullableDatabase | undefined> {
  const dataDir = await makeTestDirectory()
  const mounted = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${DISK_MEGABYTES}m,mode=711`,
    'tmpfs',
    dataDir,
  ])
  if (mounted.status !== 0) {
    await removeTestDirectory(dataDir)
    return undefined
  }
  chmodSync(dataDir, 0o711)
  const server = await acquireEmbeddedPostgres(dataDir)
  await migrate(server.url)
  // As the supervisor of an installation does: a server that died of its full disk is started again.
  const watch = watchEmbeddedPostgres({
    dataDir,
    port: server.port,
    onRestart: () => {},
    onFailure: () => {},
  })
  const filler = path.join(dataDir, 'filler')
  return {
    url: server.url,
    async fill() {
      const { bavail, bsize } = await statfs(dataDir)
      // More than there is: the server takes some of it meanwhile, and what it gives back is to be taken too.
      await writeFile(filler, Buffer.alloc(bavail * bsize * 2)).catch((error: { code?: string }) => {
        if (error.code !== 'ENOSPC') throw error
      })
    },
    makeRoom: () => rm(filler),
    async drop() {
      // A test that failed on a full disk still has to stop its server, which takes some room.
      await rm(filler, { force: true })
      await watch.stop()
      await server.release()
      spawnSync('umount', ['--lazy', dataDir])
      await removeTestDirectory(dataDir)
    },
  }
}

/** Where no disk can be mounted: a database that says of every append what Postgres says of a full disk. */
async function withSimulatedDisk(): Promise<FullableDatabase> {
  const database = await createTestDatabase()
  await database.sql.unsafe(`
    create function log.test_disk_full() returns trigger language plpgsql as $$
    begin
      raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
    end $$`)
  return {
    url: database.url,
    async fill() {
      await database.sql.unsafe(
        'create trigger test_disk_full before insert on log.event_keys execute function log.test_disk_full()',
      )
    },
    async makeRoom() {
      await database.sql.unsafe('drop trigger test_disk_full on log.event_keys')
    },
    drop: () => database.drop(),
  }
}

test('disk full: 503, no false acknowledgement; with room again the intake goes on by itself', async () => {
  const real = await onSmallDisk()
  if (real) await survivesFullDisk(real)
  else console.log('No small disk can be mounted here: a full one is simulated in the database alone.')
  await survivesFullDisk(await withSimulatedDisk())
})

async function survivesFullDisk(database: FullableDatabase): Promise<void> {
  try {
    await addTestStores(database.url)
    const intake = await startTestIntake(database.url)
    const acknowledged: string[] = []
    const refusals: number[] = []
    let sent = 0
    let sending = true
    const till = (async () => {
      while (sending) {
        sent += 1
        // Some 40 KB a request: the write-ahead log asks for room soon.
        const ids = Array.from({ length: 200 }, (_, index) => `${sent}-${index}`)
        const { status, headers } = await post(
          intake,
          ids.map(id => order(id, { source: 'disk', attributes: { note: 'x'.repeat(200) } })),
        )
        if (status === 200) acknowledged.push(...ids)
        else {
          refusals.push(status)
          expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
          await new Promise(resolve => setTimeout(resolve, 50))
        }
      }
    })()
    await vi.waitUntil(() => acknowledged.length >= 2_000, { timeout: 60_000 })
    await database.fill()
    await vi.waitUntil(() => refusals.length >= 5, { timeout: 60_000 })
    await database.makeRoom()
    const before = acknowledged.length
    await vi.waitUntil(() => acknowledged.length >= before + 2_000, { timeout: 60_000 })
    sending = false
    await till
    expect(new Set(refusals)).toEqual(new Set([503]))
    const sql = connect(database.url, { max: 1 })
    const stored = await sql<{ id: string }[]>`select id from log.event_log where source = 'disk'`
    await sql.end()
    const ids = new Set(stored.map(row => row.id))
    expect(ids.size).toBe(stored.length)
    expect(acknowledged.filter(id => !ids.has(id))).toEqual([])
    await intake.stop()
  } finally {
    await database.drop()
  }
}
