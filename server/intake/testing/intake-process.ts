import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { vi } from 'vitest'
import { type Program, startProgram } from '#platform/process.ts'

/** The intake as an installation runs it: a process of its own, for tests that kill or weigh it. */
export interface IntakeProcess {
  url: string
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
  const program: Program = startProgram({
    entry: 'server/intake/main.ts',
    settings: {
      DATABASE_URL: databaseUrl,
      DATA_DIR: dataDir,
      DROP_DIR: '',
      INTAKE_PORT: String(port),
      NODE_OPTIONS: '',
      ...settings,
    },
  })
  const url = `http://127.0.0.1:${port}`
  await vi.waitFor(
    async () => {
      if (program.child.exitCode !== null) throw new Error(`the intake ended: ${program.output()}`)
      await fetch(`${url}/healthz`)
    },
    { timeout: 60_000, interval: 50 },
  )
  return {
    url,
    output: program.output,
    memory: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024,
    async end(signal) {
      program.kill(signal)
      const { code } = await program.ended
      await rm(dataDir, { recursive: true, force: true })
      return code
    },
  }
}
