import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { kill } from 'node:process'
import { afterAll, afterEach, describe, expect, inject, onTestFinished, test, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { processIdentity } from '#platform/process-identity.mjs'
import {
  acquireEmbeddedPostgres,
  type EmbeddedPostgres,
  resetEmbedded,
  watchEmbeddedPostgres,
} from './embedded-postgres.ts'
import { existingServerDirectory } from './server-home.ts'
import { findServer } from './start-server.ts'

const root = process.getuid?.() === 0
const nobody = { uid: 65_534, gid: 65_534 }
/** The machine may be busy with the other tests. */
const patiently = { timeout: 60_000, interval: 20 }
const directories: string[] = []

/** A new folder; `mode` is that of the folder above it, which root's server account may have to enter. */
async function newDataDir(mode = 0o711): Promise<string> {
  const above = await mkdtemp(path.join(os.tmpdir(), `tillstream-test-${process.pid}-`))
  await chmod(above, mode)
  const dataDir = path.join(above, '.data')
  directories.push(dataDir)
  return dataDir
}

/** Made at the first use: most of what is asked of a server does not begin with its making. */
let made: Promise<string> | undefined

/** A data folder whose server was made, used and stopped. */
async function usedDataDir(): Promise<string> {
  made ??= (async () => {
    const dataDir = path.join(
      await mkdtemp(path.join(os.tmpdir(), `tillstream-test-${process.pid}-`)),
      '.data',
    )
    await chmod(path.dirname(dataDir), 0o711)
    const server = await acquireEmbeddedPostgres(dataDir)
    await server.release()
    return dataDir
  })()
  const dataDir = await newDataDir()
  // With owners and modes: root's server runs as another account.
  const [code] = await once(spawn('cp', ['-a', await made, dataDir]), 'exit')
  expect(code).toBe(0)
  return dataDir
}

afterAll(async () => {
  const dataDir = await made
  if (dataDir === undefined) return
  await resetEmbedded(dataDir)
  await rm(path.dirname(dataDir), { recursive: true, force: true })
})

afterEach(async () => {
  for (const dataDir of directories.splice(0)) {
    await resetEmbedded(dataDir)
    await rm(path.dirname(dataDir), { recursive: true, force: true })
  }
})

async function clusterOf(dataDir: string): Promise<string> {
  const serverDir = await existingServerDirectory(dataDir)
  if (serverDir === undefined) throw new Error(`no server folder for ${dataDir}`)
  return path.join(serverDir, 'cluster')
}

async function serverPid(dataDir: string): Promise<number | undefined> {
  return findServer(await clusterOf(dataDir))?.pid
}

async function query(server: { url: string }, statement: string): Promise<unknown[]> {
  const sql = connect(server.url, { max: 1 })
  try {
    return await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/**
 * Processes that keep it from being stopped: of one that was killed Postgres hears a moment later, and one that has
 * just connected again holds nothing yet.
 */
async function countUses(server: { url: string }): Promise<number> {
  const uses = `
    select from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and l.granted and a.application_name like 'tillstream use by process%'`
  return (await query(server, uses)).length
}

type UserProcess = Readonly<{
  child: ChildProcess
  /** The server's address, once it has it. */
  url: Promise<string>
  leave(): Promise<void>
  kill(): Promise<void>
}>

/** Another process that uses the server until it is told to leave, or killed. */
function startUser(dataDir: string, as?: { uid: number; gid: number }): UserProcess {
  const script = `
    import { acquireEmbeddedPostgres } from ${JSON.stringify(new URL('./embedded-postgres.ts', import.meta.url).href)}
    const server = await acquireEmbeddedPostgres(${JSON.stringify(dataDir)})
    process.stdout.write(server.url + '\\n')
    process.stdin.once('data', () => server.release().then(() => process.exit(0)))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: '/',
    ...as,
  })
  let errors = ''
  child.stderr.on('data', chunk => {
    errors += String(chunk)
  })
  const exited = once(child, 'exit')
  const url = Promise.race([
    once(child.stdout, 'data').then(([chunk]) => String(chunk).trim()),
    exited.then(() => Promise.reject(new Error(`user process ended early: ${errors}`))),
  ])
  url.catch(() => {})
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return {
    child,
    url,
    async leave() {
      child.stdin.write('leave\n')
      await exited
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

describe('the embedded server', () => {
  test('is made once by processes that start at the same time, and stopped by the last that leaves', async () => {
    const dataDir = await newDataDir()
    const users = Array.from({ length: 6 }, () => startUser(dataDir))
    const urls = await Promise.all(users.map(user => user.url))
    expect(new Set(urls).size).toBe(1)
    const pid = await serverPid(dataDir)

    const [last, ...others] = users
    await Promise.all(others.map(user => user.leave()))
    expect(await serverPid(dataDir)).toBe(pid)
    await last?.leave()
    expect(await serverPid(dataDir)).toBeUndefined()
  })

  test('keeps data, port and password between starts', async () => {
    const dataDir = await usedDataDir()
    const first = await acquireEmbeddedPostgres(dataDir)
    await query(first, 'create table kept as select 7 as n')
    await first.release()
    expect(await serverPid(dataDir)).toBeUndefined()

    const second = await acquireEmbeddedPostgres(dataDir)
    expect(second.url).toBe(first.url)
    expect(await query(second, 'select n from kept')).toEqual([{ n: 7 }])
    await second.release()
  })

  test('commits durably, listens on loopback only and asks for the password', async () => {
    const dataDir = await newDataDir()
    const server = await acquireEmbeddedPostgres(dataDir)
    const settings = `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
      current_setting('listen_addresses') as listens`
    expect(await query(server, settings)).toEqual([{ fsync: 'on', commit: 'on', listens: '127.0.0.1' }])
    const wrong = new URL(server.url)
    wrong.password = 'wrong'
    await expect(query({ url: wrong.href }, 'select 1')).rejects.toThrow(/password authentication failed/)
    const { mode } = await stat(path.join(dataDir, 'postgres', 'password'))
    expect(mode & 0o777).toBe(0o600)
    await server.release()
  })

  test('counts each use of one process, and a release counts once', async () => {
    const dataDir = await usedDataDir()
    const [first, second] = await Promise.all([
      acquireEmbeddedPostgres(dataDir),
      acquireEmbeddedPostgres(dataDir),
    ])
    await first.release()
    await first.release()
    expect(await query(second, 'select 1 as up')).toEqual([{ up: 1 }])
    await second.release()
    expect(await serverPid(dataDir)).toBeUndefined()
  })

  test('survives the death of the process that started it, and forgets that user', async () => {
    const dataDir = await usedDataDir()
    const starter = startUser(dataDir)
    await starter.url
    const joiner = startUser(dataDir)
    await joiner.url
    const pid = await serverPid(dataDir)
    await starter.kill()
    expect(await serverPid(dataDir)).toBe(pid)
    await vi.waitUntil(async () => (await countUses({ url: await joiner.url })) === 1, patiently)
    await joiner.leave()
    expect(await serverPid(dataDir)).toBeUndefined()
  })

  test('is joined, not started again, after all its users were killed', async () => {
    const dataDir = await usedDataDir()
    const user = startUser(dataDir)
    await user.url
    const pid = await serverPid(dataDir)
    await user.kill()
    const server = await acquireEmbeddedPostgres(dataDir)
    expect(await serverPid(dataDir)).toBe(pid)
    await server.release()
    expect(await serverPid(dataDir)).toBeUndefined()
  })

  test('is whole after its first user was killed at any moment of the start', async () => {
    const dataDir = await newDataDir()
    let state = inject('randomSeed') % 2_147_483_647
    for (let round = 0; round < 8; round++) {
      state = (state * 48_271) % 2_147_483_647
      const user = startUser(dataDir)
      const killAfterMs = 60 + (state % 900)
      await Promise.race([user.url.catch(() => {}), new Promise(resolve => setTimeout(resolve, killAfterMs))])
      await user.kill()
    }
    const server = await acquireEmbeddedPostgres(dataDir)
    expect(await query(server, 'select 1 as up')).toEqual([{ up: 1 }])
    await server.release()
    expect(await serverPid(dataDir)).toBeUndefined()
  })

  test('moves to another port when its own was taken meanwhile', async () => {
    const dataDir = await usedDataDir()
    const first = await acquireEmbeddedPostgres(dataDir)
    await first.release()
    const occupant = createServer().listen(first.port, '127.0.0.1')
    await once(occupant, 'listening')
    const second = await acquireEmbeddedPostgres(dataDir)
    expect(second.port).not.toBe(first.port)
    expect(await query(second, 'select 1 as up')).toEqual([{ up: 1 }])
    await second.release()
    occupant.close()
  })

  test('starts although a stale postmaster.pid names a process of somebody else', async () => {
    const dataDir = await usedDataDir()
    const first = await acquireEmbeddedPostgres(dataDir)
    await query(first, 'create table kept as select 7 as n')
    const cluster = await clusterOf(dataDir)
    const content = await readFile(path.join(cluster, 'postmaster.pid'), 'utf8')
    await first.release()
    const foreign = content.replace(/^\d+/, String(process.pid))
    await writeFile(path.join(cluster, 'postmaster.pid'), foreign)
    const second = await acquireEmbeddedPostgres(dataDir)
    expect(await query(second, 'select n from kept')).toEqual([{ n: 7 }])
    await second.release()
  })
})

describe('a server that died', () => {
  test('is restarted by the watch on the same port, with all that was committed', async () => {
    const dataDir = await usedDataDir()
    const server = await acquireEmbeddedPostgres(dataDir)
    const restarts: number[] = []
    const watch = watchEmbeddedPostgres({
      dataDir,
      port: server.port,
      onRestart: tookMs => restarts.push(tookMs),
      onFailure: error => expect.unreachable(String(error)),
    })
    await query(server, 'create table kept as select 7 as n')
    for (const times of [1, 2]) {
      kill((await serverPid(dataDir)) ?? 0, 'SIGKILL')
      await vi.waitUntil(() => restarts.length === times, patiently)
      expect(await query(server, 'select n from kept')).toEqual([{ n: 7 }])
    }
    await watch.stop()
    await server.release()
    expect(await serverPid(dataDir)).toBeUndefined()
  })

  test('and came back is not stopped by somebody who leaves while its earlier users stay', async () => {
    const dataDir = await usedDataDir()
    const server = await acquireEmbeddedPostgres(dataDir)
    kill((await serverPid(dataDir)) ?? 0, 'SIGKILL')
    await vi.waitUntil(async () => (await serverPid(dataDir)) === undefined, patiently)
    const guest = await acquireEmbeddedPostgres(dataDir)
    await vi.waitUntil(async () => (await countUses(guest)) === 2, patiently)
    await guest.release()
    expect(await query(guest, 'select 1 as up')).toEqual([{ up: 1 }])
    await server.release()
    expect(await serverPid(dataDir)).toBeUndefined()
  })

  test('is started again although a query of it still computes', async () => {
    const dataDir = await usedDataDir()
    const server = await acquireEmbeddedPostgres(dataDir)
    const busy = connect(server.url, { max: 1 })
    const endless = busy`select count(*) from generate_series(1, 1e15::int8) n where sqrt(n) < 0`
    endless.catch(() => {})
    await vi.waitUntil(async () => {
      const rows = await query(
        server,
        `select from pg_stat_activity where query like '%1e15%' and state = 'active'`,
      )
      return rows.length > 1
    }, patiently)
    kill((await serverPid(dataDir)) ?? 0, 'SIGKILL')
    const again = await acquireEmbeddedPostgres(dataDir)
    expect(await query(again, 'select 1 as up')).toEqual([{ up: 1 }])
    await busy.end({ timeout: 0 })
    await server.release()
    await again.release()
    expect(await serverPid(dataDir)).toBeUndefined()
  })
})

describe('two data folders', () => {
  test('have two servers at once', async () => {
    const [one, two] = [await usedDataDir(), await usedDataDir()]
    const servers = await Promise.all([acquireEmbeddedPostgres(one), acquireEmbeddedPostgres(two)])
    expect(servers[0].port).not.toBe(servers[1].port)
    await query(servers[0], 'create table mine (n int)')
    expect(await query(servers[1], `select to_regclass('mine') as found`)).toEqual([{ found: null }])
    await Promise.all(servers.map(server => server.release()))
  })

  test('of which one is a copy, made while the other ran, are two', async () => {
    const original = await usedDataDir()
    const first = await acquireEmbeddedPostgres(original)
    await query(first, 'create table kept as select 7 as n; checkpoint')
    const copy = await newDataDir()
    await cp(original, copy, { recursive: true })
    const cluster = path.join('postgres', 'server', 'cluster')
    if (root) await chownLike(path.join(original, cluster), path.join(copy, 'postgres', 'server'))
    const second = await acquireEmbeddedPostgres(copy)
    expect(second.port).not.toBe(first.port)
    expect(await query(second, 'select n from kept')).toEqual([{ n: 7 }])
    await second.release()
    expect(await query(first, 'select n from kept')).toEqual([{ n: 7 }])
    await first.release()
  })
})

describe('ending', () => {
  test('a reset is refused while others use the server, and deletes everything afterwards', async () => {
    const dataDir = await usedDataDir()
    const user = startUser(dataDir)
    await user.url
    await expect(resetEmbedded(dataDir)).rejects.toThrow(`used by process ${user.child.pid}`)
    await user.leave()
    await resetEmbedded(dataDir)
    expect(await existingServerDirectory(dataDir)).toBeUndefined()
    const anew = await acquireEmbeddedPostgres(dataDir)
    await anew.release()
  })

  test('a reset reaches a server whose users are all dead', async () => {
    const dataDir = await usedDataDir()
    const user = startUser(dataDir)
    await user.url
    const cluster = await clusterOf(dataDir)
    const pid = await serverPid(dataDir)
    // That its user is dead Postgres hears only after a while: the process that served it stands still.
    const server = { url: await user.url }
    const serving = `select pid from pg_stat_activity where application_name like 'tillstream use by process %'`
    const [served] = (await query(server, serving)) as { pid: number }[]
    kill(served?.pid ?? 0, 'SIGSTOP')
    await user.kill()
    const resetting = resetEmbedded(dataDir)
    const asking = `select from pg_stat_activity where pid <> pg_backend_pid() and query like '%starts_with(application_name%'`
    await Promise.race([
      resetting,
      vi.waitUntil(async () => (await query(server, asking)).length > 0, patiently),
    ]).finally(() => kill(served?.pid ?? 0, 'SIGCONT'))
    await resetting
    expect(findServer(cluster)).toBeUndefined()
    expect(processIdentity(pid ?? 0)).toBeUndefined()
  })
})

describe.runIf(root)('as root', () => {
  test('the server runs as an unprivileged user', async () => {
    const dataDir = await usedDataDir()
    const server = await acquireEmbeddedPostgres(dataDir)
    const status = await readFile(`/proc/${await serverPid(dataDir)}/status`, 'utf8')
    expect(status).not.toMatch(/^Uid:\s+0\b/m)
    await server.release()
  })

  test('below a folder of mode 700 its files lie where its user can go, and the data folder says where', async () => {
    const dataDir = await newDataDir(0o700)
    const server = await acquireEmbeddedPostgres(dataDir)
    await query(server, 'create table kept as select 7 as n')
    const said = (await readFile(path.join(dataDir, 'postgres', 'location'), 'utf8')).trim()
    expect(said).toMatch(/^\/var\/(lib|tmp)\/tillstream\/[0-9a-f]{16}$/)
    expect(server.logFile).toBe(path.join(said, 'server.log'))
    await server.release()

    const moved = await newDataDir(0o700)
    await mkdir(path.dirname(moved), { recursive: true })
    await cp(dataDir, moved, { recursive: true })
    const copy = await acquireEmbeddedPostgres(moved)
    expect(await query(copy, `select to_regclass('kept') as found`)).toEqual([{ found: null }])
    await copy.release()

    const again = await acquireEmbeddedPostgres(dataDir)
    expect(await query(again, 'select n from kept')).toEqual([{ n: 7 }])
    await again.release()
    await resetEmbedded(dataDir)
    await expect(stat(said)).rejects.toThrow('ENOENT')
  })

  test('what a deleted data folder left elsewhere gives way to a new server', async () => {
    const dataDir = await newDataDir(0o700)
    const abandoned = await acquireEmbeddedPostgres(dataDir)
    await rm(dataDir, { recursive: true })
    const anew = await acquireEmbeddedPostgres(dataDir)
    expect(anew.logFile).toBe(abandoned.logFile)
    expect(anew.url).not.toBe(abandoned.url)
    expect(await query(anew, 'select 1 as up')).toEqual([{ up: 1 }])
    await anew.release()
  })

  test('a normal user has it too', async () => {
    const dataDir = await newDataDir()
    await mkdir(dataDir)
    await chown(dataDir, nobody.uid, nobody.gid)
    const users = [startUser(dataDir, nobody), startUser(dataDir, nobody)]
    const urls = await Promise.all(users.map(user => user.url))
    expect(await query({ url: urls[0] ?? '' }, 'select 1 as up')).toEqual([{ up: 1 }])
    const status = await readFile(`/proc/${await serverPid(dataDir)}/status`, 'utf8')
    expect(status).toMatch(/^Uid:\s+65534\b/m)
    for (const user of users) await user.leave()
    expect(await serverPid(dataDir)).toBeUndefined()
  })

  test('a normal user who meets the folder of root is told what to do', async () => {
    const dataDir = await newDataDir()
    const server: EmbeddedPostgres = await acquireEmbeddedPostgres(dataDir)
    await expect(startUser(dataDir, nobody).url).rejects.toThrow(
      /cannot be written.*Run as the user who owns/,
    )
    await server.release()
  })

  test('root uses the folder of a normal user as that user', async () => {
    const dataDir = await newDataDir()
    await mkdir(dataDir)
    await chown(dataDir, nobody.uid, nobody.gid)
    const user = startUser(dataDir, nobody)
    const url = await user.url
    await user.leave()
    const server = await acquireEmbeddedPostgres(dataDir)
    expect(new URL(server.url).password).toBe(new URL(url).password)
    await server.release()
    expect(await realpath(path.dirname(server.logFile))).toBe(path.join(dataDir, 'postgres', 'server'))
  })
})

async function chownLike(model: string, target: string): Promise<void> {
  const { uid, gid } = await stat(model)
  const child = spawn('chown', ['-R', `${uid}:${gid}`, target])
  await once(child, 'exit')
}
