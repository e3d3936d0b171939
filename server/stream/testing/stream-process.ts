import { startProgram } from '#platform/process.ts'

export interface RunningProcess {
  /** Everything it wrote so far. */
  output(): string
  /** Exit code, or null when a signal ended it. */
  ended: Promise<number | null>
  signal(name: NodeJS.Signals): void
}

/** A real stream process on a database. */
export function startStreamProcess(url: string, args: readonly string[] = []): RunningProcess {
  return start('server/stream/main.ts', url, args)
}

export function startReplayProcess(url: string, args: readonly string[] = []): RunningProcess {
  return start('server/stream/replay/main.ts', url, args)
}

function start(entry: string, url: string, args: readonly string[]): RunningProcess {
  const settings = { DATABASE_URL: url, LOG_LEVEL: 'info', NODE_OPTIONS: '' }
  const { output, ended, kill } = startProgram({ entry, args, settings })
  return { output, ended: ended.then(({ code }) => code), signal: kill }
}
