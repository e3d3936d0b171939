import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from '@playwright/test'
import { type Program, startProgram } from '#platform/process.ts'
import { freePorts } from './stack.ts'

/** The demo as a person starts it: its supervisor, a Postgres of its own, tills that sell. */
export interface Demo {
  /** The dashboard's address. */
  url: string
  /** For programs that are to work on it. */
  settings: Record<string, string | undefined>
  stop(): Promise<void>
}

/**
 * Starts `npm run demo` on an empty folder and waits until it says that it is ready.
 *
 * @param args its options, but for the port
 * @param withinMs how long that may take
 * @throws when it ends before, or is not ready by then; with all it has said
 */
export async function startDemo(args: readonly string[], withinMs: number): Promise<Demo> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-demo-'))
  const settings = { DATA_DIR: dataDir, DATABASE_URL: undefined, KAFKA_URL: undefined, DROP_DIR: undefined }
  const { port } = await freePorts()
  const program = startProgram({
    entry: 'platform/launch/demo.ts',
    args: ['--port', String(port), ...args],
    settings: { ...settings, HOST: '127.0.0.1' },
  })
  const stop = async () => {
    await program.stop(30_000)
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    await expect.poll(() => saidOrEnded(program), { timeout: withinMs }).toMatch(/Ready after|^ended: /)
    expect(program.output()).toContain('Ready after')
  } catch (error) {
    await stop()
    throw error
  }
  return { url: `http://127.0.0.1:${port}`, settings, stop }
}

function saidOrEnded({ child, output }: Program): string {
  return child.exitCode === null ? output() : `ended: ${output()}`
}
