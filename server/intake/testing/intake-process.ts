import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { inheritedEnvironment } from '#platform/environment.ts'

/** The intake as an installation runs it: a process of its own, for tests that kill or weigh it. */
export interface IntakeProcess {
  url: string
  child: ChildProcess
  output(): string
  /** Resident memory in MB. */
  memory(): number
  /** Sends the signal and waits for the end. @returns the exit code, null when it was killed */
  end(signal: NodeJS.Signals): Promise<number | null>
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

export async function startIntakeProcess(
  databaseUrl: string,
  settings: Record<string, string> = {},
): Promise<IntakeProcess> {
  const port = await freePort()
  // Its own: the default is the developer's, whose dropped files are no business of a test.
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-intake-'))
  const child = spawn(process.execPath, [fileURLToPath(new URL('../main.ts', import.meta.url))], {
    env: inheritedEnvironment({
      DATABASE_URL: databaseUrl,
      DATA_DIR: dataDir,
      DROP_DIR: '',
      INTAKE_PORT: String(port),
      NODE_OPTIONS: '',
      ...settings,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  const url = `http://127.0.0.1:${port}`
  await vi.waitFor(
    async () => {
      if (child.exitCode !== null) throw new Error(`the intake ended: ${output}`)
      await fetch(`${url}/healthz`)
    },
    { timeout: 20_000, interval: 50 },
  )
  return {
    url,
    child,
    output: () => output,
    memory: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal)
        await once(child, 'exit')
      }
      await rm(dataDir, { recursive: true, force: true })
      return child.exitCode
    },
  }
}
