import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { nodeFlags } from '#platform/process.ts'

/** A program of the installation, run as the launcher runs it. */
export interface Child {
  /** What it has written so far, for the report of a test that failed. */
  output(): string
  /** Asks it to end, as Ctrl+C does; kills it when it does not. */
  stop(): Promise<void>
  /** Kill without a word: what it had not committed is lost. */
  kill(): Promise<void>
  /** Resolves with the exit code once it has ended by itself. */
  ended(): Promise<number>
}

const GRACE_MS = 5_000

export function startChild(options: {
  /** From the project's folder. */
  entry: string
  args?: readonly string[]
  settings: Record<string, string | undefined>
}): Child {
  const child = spawn(
    process.execPath,
    [...nodeFlags, path.join(projectRoot, options.entry), ...(options.args ?? [])],
    {
      cwd: projectRoot,
      env: inheritedEnvironment(options.settings),
      // The channel tells it when this process is gone without a word.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  )
  // Not `exit`: what it wrote last may still be on its way then.
  const closed = once(child, 'close')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
  }
  return {
    output: () => output,
    async stop() {
      child.kill('SIGTERM')
      if (await isDoneWithin(closed, GRACE_MS)) return
      child.kill('SIGKILL')
      await closed
    },
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
    async ended() {
      await closed
      return child.exitCode ?? 1
    },
  }
}

async function isDoneWithin(done: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(() => resolve(false), ms)
  const isDone = await Promise.race([done.then(() => true), promise])
  clearTimeout(timer)
  return isDone
}
