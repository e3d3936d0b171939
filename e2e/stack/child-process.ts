import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { inheritedEnvironment, projectRoot } from '#server/environment.ts'
import { nodeFlags } from '#server/launch/supervisor.ts'

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
      if (await endsWithin(child, GRACE_MS)) return
      child.kill('SIGKILL')
      await endOf(child)
    },
    async kill() {
      child.kill('SIGKILL')
      await endOf(child)
    },
    async ended() {
      await endOf(child)
      return child.exitCode ?? 1
    },
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

async function endsWithin(child: ChildProcess, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(() => resolve(false), ms)
  const ended = await Promise.race([endOf(child).then(() => true as const), promise])
  clearTimeout(timer)
  return ended
}
