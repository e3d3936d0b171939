import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { prepareServerHome } from '#db/embedded/server-home.ts'
import { findServer } from '#db/embedded/start-server.ts'
import { makeTestDirectory, removeTestDirectory } from '#db/testing/server.ts'
import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { findBrowser } from '#e2e/browser/find-browser.ts'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { reservePorts } from '#platform/launch/ports.ts'

export type RunningDemo = Awaited<ReturnType<typeof startDemo>>

const READY_WITHIN_MS = 20 * MINUTE_MS
const STOP_WITHIN_MS = 15 * SECOND_MS
const LOOK_EVERY_MS = 250
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * A demo of the benchmark's own: starts it as `npm run demo` does, on free ports and in a folder of its own, and waits until it is ready.
 *
 * @param args options of the demo beside its defaults
 * @throws with what it said when it ends instead
 */
export async function startDemo(args: readonly string[] = []) {
  const dataDir = await makeTestDirectory()
  const { port, intakePort, giveUp } = await reservePorts('127.0.0.1', {})
  await giveUp()
  const child = spawn('npm', ['run', 'demo', '--', '--port', String(port), ...args], {
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
    intakeUrl: `http://127.0.0.1:${intakePort}`,
    dataDir,
    /** npm's process, below which all others run, and the Postgres server, which stands apart. */
    async roots(): Promise<number[]> {
      const { clusterDir } = await prepareServerHome(dataDir)
      const server = findServer(clusterDir)
      if (server === undefined || child.pid === undefined) throw new Error('the demo does not run any more')
      return [child.pid, server.pid]
    },
    /** Ends it and deletes what it kept. */
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

/** Somebody who looks at the Live page. What it takes itself is not the demo's. */
interface LiveViewer {
  /** For the table: a browser, or what stands in for one. */
  name: string
  close(): Promise<void>
}

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']

/** Opens the Live page in a headless Chromium; where none is found, a socket that asks for what the page asks for. */
export async function openLivePage(url: string): Promise<LiveViewer> {
  return (await openInBrowser(url)) ?? openSocket(url)
}

async function openInBrowser(url: string): Promise<LiveViewer | null> {
  // A development dependency: an installation without them has benchmarks, but no browser to drive.
  const playwright = await import('@playwright/test').catch(() => null)
  if (playwright === null) return null
  const { executablePath, env } = await findBrowser()
  const browser = await playwright.chromium
    .launch({ args: FLAGS, env: { ...env }, ...(executablePath && { executablePath }) })
    .catch(() => null)
  if (browser === null) return null
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const answer = await page.goto(`${url}/live`)
  if (!answer?.ok()) throw new Error(`${url}/live answers ${answer?.status()}`)
  return { name: 'headless Chromium', close: () => browser.close() }
}

async function openSocket(url: string): Promise<LiveViewer> {
  const socket = io(`${url}/live`, { transports: ['websocket'], auth: {} })
  await new Promise((resolve, reject) => socket.once('snapshot', resolve).once('connect_error', reject))
  return {
    name: 'a socket client (no browser found)',
    async close() {
      socket.disconnect()
    },
  }
}
