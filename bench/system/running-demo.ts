import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { findServer } from '#db/embedded/find-server.ts'
import { prepareServerHome } from '#db/embedded/server-home.ts'
import { makeTestDirectory, removeTestDirectory } from '#db/testing/server.ts'
import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { freePort } from './child-process.ts'

/** A demo of the benchmark's own, as `npm run demo` starts it. */
export interface RunningDemo {
  url: string
  /** npm's process, below which all others run, and the Postgres server, which stands apart. */
  roots(): Promise<number[]>
  /** Ends it and deletes what it kept. */
  stop(): Promise<void>
}

const READY_WITHIN_MS = 20 * MINUTE_MS
const STOP_WITHIN_MS = 15 * SECOND_MS
const LOOK_EVERY_MS = 250
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Starts the demo with its defaults, on free ports and in a folder of its own, and waits until it is ready.
 *
 * @throws with what it said when it ends instead
 */
export async function startDemo(): Promise<RunningDemo> {
  const dataDir = await makeTestDirectory()
  const [port, intakePort] = [await freePort(), await freePort()]
  const child = spawn('npm', ['run', 'demo', '--', '--port', String(port)], {
    cwd: projectRoot,
    env: inheritedEnvironment({
      DATA_DIR: dataDir,
      INTAKE_PORT: String(intakePort),
      DATABASE_URL: undefined,
      DROP_DIR: undefined,
      HOST: undefined,
      NODE_ENV: undefined,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kept = keepOutput(child)
  const closed = once(child, 'close')
  const stop = async () => {
    for (const signal of ENDINGS) process.off(signal, abandon)
    child.kill('SIGINT')
    const overdue = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    await closed
    clearTimeout(overdue)
    await removeTestDirectory(dataDir)
  }
  // Whoever ends the benchmark ends its demo, which would otherwise go on without it.
  const abandon = () => void stop().finally(() => process.exit(130))
  for (const signal of ENDINGS) process.on(signal, abandon)
  try {
    await untilReady(child, kept)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: `http://127.0.0.1:${port}`,
    async roots() {
      const { clusterDir } = await prepareServerHome(dataDir)
      const server = findServer(clusterDir)
      if (server === undefined || child.pid === undefined) throw new Error('the demo does not run any more')
      return [child.pid, server.pid]
    },
    stop,
  }
}

async function untilReady(child: ChildProcess, kept: { output: string }): Promise<void> {
  for (
    const began = performance.now();
    performance.now() - began < READY_WITHIN_MS;
    await sleep(LOOK_EVERY_MS)
  ) {
    if (/^\s*Ready after/m.test(kept.output)) return
    if (child.exitCode !== null || child.signalCode !== null) break
  }
  throw new Error(`the demo did not get ready:\n${kept.output}`)
}

function keepOutput(child: ChildProcess): { output: string } {
  const kept = { output: '' }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      kept.output = (kept.output + text).slice(-20_000)
    })
  }
  return kept
}
