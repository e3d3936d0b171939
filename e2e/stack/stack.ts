import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { connect, type Sql } from '#db/client.ts'
import { addTestStores } from '#db/testing/stores.ts'
import type { UnchangingStore } from '#domain/store.ts'
import { isUpWithin } from '#platform/launch/health.ts'
import { type PortPair, PortTakenError, reservePorts } from '#platform/launch/ports.ts'
import { type ProcessName, processEntries } from '#platform/launch/processes.ts'
import { type Program, runProgram, startProgram } from '#platform/process.ts'
import { pause } from '#platform/time.ts'
import type { TestDatabase } from './database.ts'
import { openTills, type Tills } from './tills.ts'

const UP_WITHIN_MS = 120_000
/** Everything but the simulators: here the tests are the tills. */
const PROCESSES = ['intake', 'stream', 'web'] as const satisfies readonly ProcessName[]

/** A whole installation with a database of its own: what a user has after `npm start -- all`. */
export interface Stack {
  /** The dashboard's address. */
  url: string
  intakeUrl: string
  /** For programs that a test runs itself. */
  databaseUrl: string
  dataDir: string
  tills: Tills
  sql: Sql
  /** Breaks and mends the dashboard's way to the database; the other processes keep theirs. */
  dashboardDatabase: { cut(): Promise<void>; mend(): Promise<void> }
  /** Ends a process as an operator would, or kills it. */
  stop(name: ProcessName, how?: 'politely' | 'by kill'): Promise<void>
  /** Stops it in its tracks (SIGSTOP): it lives, holds its connections, and does nothing. */
  freeze(name: ProcessName): void
  /** Lets a frozen one go on. */
  thaw(name: ProcessName): void
  /** Starts it (again), with the same ports, and waits until it answers. */
  start(name: ProcessName): Promise<void>
  /** Starts anew what has ended by itself, as the supervisor does: a process that begins while the database is away. */
  revive(): Promise<void>
  /** Lays a finished file into the drop folder of a mapping, as a till's upload does. */
  drop(mapping: string, name: string, content: string): Promise<void>
  /** Ends Postgres as a crash does, and starts it again. */
  restartPostgres(): Promise<void>
  /** Runs a command of the installation to its end. @throws when it fails, with all it has written */
  run(entry: string, args: readonly string[]): Promise<void>
  /** Runs a command that may fail. */
  attempt(entry: string, args: readonly string[]): Promise<{ code: number | null; output: string }>
  /** Starts a program of the installation, and kills it in the middle. */
  killDuring(entry: string, args: readonly string[], afterMs: number): Promise<void>
  /** Runs every batch job of these days, both included. */
  runBatch(from: string, to: string): Promise<void>
  /** What the processes wrote since the test began, for the report of one that failed. */
  output(): string
}

/** How an installation differs from another. */
export interface Installation {
  stores: readonly UnchangingStore[]
  /** Makes it one of the demo. */
  demoNote?: string
  /** Arguments of the demo seeder, which then makes stores of its own and their history. */
  seed?: readonly string[]
}

/** One place for the installations of a worker's tests, one after the other. */
export interface StackPlace {
  /**
   * A new installation, with nothing in it that an earlier test has left. The dashboard is kept where it can be: it
   * holds nothing of a database, starting takes it longest, and a warm one renders at once.
   */
  begin(installation: Installation): Promise<Stack>
  close(): Promise<void>
}

export async function openStackPlace(database: TestDatabase): Promise<StackPlace> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-browser-test-'))
  const ports = await freePorts()
  const url = `http://127.0.0.1:${ports.port}`
  const intakeUrl = `http://127.0.0.1:${ports.intakePort}`
  const programs = new Map<ProcessName, Program>()
  let sql: Sql | undefined
  let demoNote: string | undefined
  /** What ended programs wrote, and from where on what the dashboard writes is of this test. */
  let outputs: string[] = []
  let dashboardSaid = 0

  function settings(name?: ProcessName): Record<string, string | undefined> {
    return {
      DATABASE_URL: name === 'web' ? database.link.url : database.url,
      DATA_DIR: dataDir,
      DROP_DIR: undefined,
      HOST: '127.0.0.1',
      PORT: String(ports.port),
      INTAKE_PORT: String(ports.intakePort),
      DEMO_NOTE: demoNote,
      // Where tests listen for webhooks.
      PRIVATE_WEBHOOKS: '127.0.0.1',
      LOG_FORMAT: 'json',
      NODE_ENV: 'production',
    }
  }

  async function start(name: ProcessName): Promise<void> {
    const program = startProgram({ entry: processEntries[name], settings: settings(name) })
    programs.set(name, program)
    if (name === 'web') dashboardSaid = 0
    const health = { web: `${url}/healthz`, intake: `${intakeUrl}/healthz` }[name as 'web' | 'intake']
    if (health === undefined) return
    const ending = new AbortController()
    const up = isUpWithin({ url: health, timeoutMs: UP_WITHIN_MS, stop: ending.signal })
    const isUp = await Promise.race([up, program.ended.then(() => false)])
    ending.abort()
    if (!isUp) throw new Error(`${name} does not answer at ${health}:\n${program.output()}`)
  }

  async function stop(name: ProcessName, how: 'politely' | 'by kill' = 'politely'): Promise<void> {
    const program = programs.get(name)
    if (!program) return
    programs.delete(name)
    // A frozen one would not hear that it is asked to end.
    program.kill('SIGCONT')
    if (how === 'by kill') program.kill('SIGKILL')
    const { output } = await (how === 'politely' ? program.stop() : program.ended)
    outputs.push(`--- ${name}\n${name === 'web' ? output.slice(dashboardSaid) : output}`)
  }

  async function run(entry: string, args: readonly string[]): Promise<void> {
    const { output } = await runProgram({ entry, args, settings: settings() })
    outputs.push(`--- ${entry}\n${output}`)
  }

  async function attempt(entry: string, args: readonly string[]) {
    const { code, output } = await startProgram({ entry, args, settings: settings() }).ended
    outputs.push(`--- ${entry}\n${output}`)
    return { code, output }
  }

  async function killDuring(entry: string, args: readonly string[], afterMs: number): Promise<void> {
    const program = startProgram({ entry, args, settings: settings() })
    await Promise.race([pause(afterMs), program.ended])
    program.kill('SIGKILL')
    const { output } = await program.ended
    outputs.push(`--- ${entry}, killed\n${output}`)
  }

  async function clear(keepsDashboard: boolean): Promise<void> {
    const kept = keepsDashboard && programs.has('web') && (await hasNobodyLeft(url))
    await Promise.all([...programs.keys()].filter(name => name !== 'web' || !kept).map(name => stop(name)))
    await sql?.end()
    await database.link.cut()
    await rm(path.join(dataDir, 'drop'), { recursive: true, force: true })
    outputs = []
    dashboardSaid = programs.get('web')?.output().length ?? 0
  }

  return {
    async begin(installation) {
      await clear(installation.demoNote === demoNote)
      demoNote = installation.demoNote
      await database.recreate()
      await database.link.mend()
      const own = connect(database.url, { applicationName: 'browser test' })
      sql = own
      await addTestStores(own, installation.stores)
      if (installation.seed) await run('seed/seeder/main.ts', installation.seed)
      await Promise.all(PROCESSES.filter(name => !programs.has(name)).map(start))
      return {
        url,
        intakeUrl,
        databaseUrl: database.url,
        dataDir,
        tills: openTills(intakeUrl),
        sql: own,
        dashboardDatabase: database.link,
        stop,
        freeze: name => programs.get(name)?.kill('SIGSTOP'),
        thaw: name => programs.get(name)?.kill('SIGCONT'),
        start,
        async revive() {
          const ended = [...programs].filter(([, { child }]) => child.exitCode !== null)
          for (const [name, program] of ended) {
            outputs.push(`--- ${name}, ended by itself\n${program.output()}`)
            await start(name)
          }
        },
        async drop(mapping, name, content) {
          const folder = path.join(dataDir, 'drop', mapping)
          await mkdir(folder, { recursive: true })
          await writeFile(path.join(folder, name), content)
          await writeFile(path.join(folder, `${name}.done`), '')
        },
        restartPostgres: database.restart,
        run,
        attempt,
        killDuring,
        runBatch: (from, to) => run('jobs/main.ts', ['run', 'all', '--from', from, '--to', to]),
        output: () =>
          [
            ...outputs,
            ...[...programs].map(
              ([name, program]) =>
                `--- ${name}\n${program.output().slice(name === 'web' ? dashboardSaid : 0)}`,
            ),
          ].join('\n'),
      }
    },
    async close() {
      await clear(false)
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Waits until the pages of the test before are gone from the live socket. */
async function hasNobodyLeft(url: string): Promise<boolean> {
  for (let look = 0; look < 100; look += 1) {
    const text = await fetch(`${url}/metrics`).then(
      response => response.text(),
      () => null,
    )
    if (text === null) return false
    if (/^tillstream_live_clients 0$/m.test(text)) return true
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return false
}

/** Two free ports below those the system gives to connections, which would take them from us unasked. */
export async function freePorts(): Promise<PortPair> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    try {
      const { giveUp, ...pair } = await reservePorts('127.0.0.1', { port })
      await giveUp()
      return pair
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error
    }
  }
}
