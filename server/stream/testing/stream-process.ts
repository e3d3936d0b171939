import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { inheritedEnvironment } from '#platform/environment.ts'

const MAIN = path.resolve(import.meta.dirname, '../main.ts')
const REPLAY = path.resolve(import.meta.dirname, '../replay/main.ts')

export interface RunningProcess {
  child: ChildProcess
  /** Everything it wrote so far. */
  output(): string
  /** Exit code, or null when a signal ended it. */
  ended: Promise<number | null>
  signal(name: NodeJS.Signals): void
}

/** A real stream process on a database. */
export function startStreamProcess(url: string, args: readonly string[] = []): RunningProcess {
  return start(MAIN, url, args)
}

export function startReplayProcess(url: string, args: readonly string[] = []): RunningProcess {
  return start(REPLAY, url, args)
}

function start(program: string, url: string, args: readonly string[]): RunningProcess {
  const child = spawn(process.execPath, [program, ...args], {
    env: inheritedEnvironment({ DATABASE_URL: url, LOG_LEVEL: 'info', NODE_OPTIONS: '' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { child, output: () => output, ended, signal: name => void child.kill(name) }
}
