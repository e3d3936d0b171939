import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { inheritedEnvironment } from '#platform/environment.ts'

/** An entry point of the batch path as a process of its own, on a given database. Ends with the test. */
export function startJobsProcess(options: {
  entry: 'main.ts' | 'schedule/main.ts'
  args: string[]
  databaseUrl: string
  environment?: Record<string, string>
}): JobsProcess {
  const entry = fileURLToPath(new URL(`../${options.entry}`, import.meta.url))
  const child = spawn(process.execPath, [entry, ...options.args], {
    env: inheritedEnvironment({ DATABASE_URL: options.databaseUrl, ...options.environment }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
    })
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...written }))
  return { kill: signal => child.kill(signal), ended, output: () => written.stdout + written.stderr }
}

export interface JobsProcess {
  kill(signal: NodeJS.Signals): void
  /** Exit code (null when killed) and everything it wrote. */
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>
  /** What it has written so far. */
  output(): string
}
