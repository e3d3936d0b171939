import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { kill } from 'node:process'
import { inject, vi } from 'vitest'
import { connect, type Sql } from '#db/client.ts'
import { acquireEmbeddedPostgres, restartEmbedded } from '#db/embedded/embedded-postgres.ts'
import { clusterDirectory } from '#db/embedded/server-home.ts'
import { findServer } from '#db/embedded/start-server.ts'
import { migrate } from '#db/migrate.ts'
import { databaseUrl, makeTestDirectory, removeTestDirectory } from './server.ts'

export type TestDatabase = Readonly<{
  url: string
  /** A client of the database; `drop` ends it. */
  sql: Sql
  /** Cuts every connection and deletes the database. */
  drop(): Promise<void>
}>

/**
 * A database of its own for one test file, on the server that all tests share. Takes about 100 ms.
 *
 * @param migrated false for an empty database, for tests of the migrations
 */
export async function createTestDatabase({ migrated = true } = {}): Promise<TestDatabase> {
  return createFrom(migrated ? inject('testTemplate') : 'template1')
}

/** What one test has built, as often as others want it. Its own client is ended: nobody may be connected to it. */
export async function copyTestDatabase(built: TestDatabase): Promise<TestDatabase> {
  await built.sql.end({ timeout: 1 })
  return createFrom(new URL(built.url).pathname.slice(1))
}

async function createFrom(template: string): Promise<TestDatabase> {
  const serverUrl = inject('testServerUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  // Copying the files is three times as fast as logging every page, which is what Postgres prefers.
  await onServer(serverUrl, `create database ${name} template ${template} strategy file_copy`)
  const url = databaseUrl(serverUrl, name)
  const sql = connect(url, { applicationName: 'test' })
  return {
    url,
    sql,
    async drop() {
      await sql.end({ timeout: 1 })
      await onServer(serverUrl, `drop database if exists ${name} with (force)`)
    },
  }
}

/** A durable server that one test may kill, stop and start. Its database is migrated. */
export type PrivatePostgres = Readonly<{
  url: string
  /** Process id of the running server. */
  pid(): number
  /** SIGKILL to the server: a crash. Returns when it is gone. */
  crash(): Promise<void>
  /** Ends it at once, without writing out (`pg_ctl stop -m immediate`). Returns when it is gone. */
  stopImmediately(): Promise<void>
  /** Starts it again on the same port, with recovery if it needs one. */
  start(): Promise<void>
  /** Stops it and deletes its data. */
  drop(): Promise<void>
}>

/** Starts a server for one test alone, with every commit durable. Takes about 2 s. */
export async function startPrivatePostgres(): Promise<PrivatePostgres> {
  const dataDir = await makeTestDirectory()
  const server = await acquireEmbeddedPostgres(dataDir)
  await migrate(server.url)
  const clusterDir = clusterDirectory(path.dirname(server.logFile))

  function pid(): number {
    const running = findServer(clusterDir)
    if (running === undefined) throw new Error(`No server runs in ${clusterDir}`)
    return running.pid
  }

  async function end(signal: 'SIGKILL' | 'SIGQUIT'): Promise<void> {
    kill(pid(), signal)
    await vi.waitUntil(() => findServer(clusterDir) === undefined, { timeout: 60_000, interval: 10 })
  }

  return {
    url: server.url,
    pid,
    crash: () => end('SIGKILL'),
    stopImmediately: () => end('SIGQUIT'),
    start: () => restartEmbedded(dataDir, server.port),
    async drop() {
      await server.release()
      await removeTestDirectory(dataDir)
    },
  }
}

async function onServer(serverUrl: string, statement: string): Promise<void> {
  const sql = connect(serverUrl, { max: 1 })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end()
  }
}
