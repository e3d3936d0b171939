import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { inheritedEnvironment } from '#platform/environment.ts'
import type { FileSummary } from '#server/intake/files/store/summary.ts'
import type { IntakeMetrics } from '#server/intake/metrics.ts'
import { findDroppedFiles } from './drop-folder.ts'

export interface DropWatch {
  /** Looks once, and has what lies ready imported by a child process. To be called about once a second. */
  run(): Promise<void>
  /** Ends the child, should one be at work: the file stays and is taken up again. */
  stop(): void
}

/** What the child tells of a file, one JSON line each. */
type ToldFile = { mapping: string; name: string } & (
  | { state: 'loaded' | 'failed'; summary: FileSummary }
  | { state: 'busy' }
  | { state: 'retry'; error: string }
)

/** Files in other hands, or left for later, are looked at again after this many looks: a child costs a start. */
const LOOKS_TO_SKIP = 5

const FOLLOW_PARENT = fileURLToPath(new URL('../../../../platform/follow-parent.mjs', import.meta.url))
const DROP_MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

/** Watches the drop folder by looking: notifications of file systems miss what comes over a network share. */
export function createDropWatch({
  databaseUrl,
  dropDir,
  logger,
  metrics,
}: {
  databaseUrl: string
  dropDir: string
  logger: Logger
  metrics: IntakeMetrics
}): DropWatch {
  let child: ChildProcess | undefined
  let skip = 0
  let stopped = false

  function onTold(line: string): void {
    const told = JSON.parse(line) as ToldFile
    const { mapping, name } = told
    switch (told.state) {
      case 'loaded':
      case 'failed': {
        metrics.countFile(told.state)
        const { rows, rejectedRows, eventsAppended, duplicates, error } = told.summary
        const level = told.state === 'failed' || rejectedRows > 0 ? 'warn' : 'info'
        logger[level](
          { mapping, name, rows, rejectedRows, eventsAppended, duplicates, error },
          `${mapping}/${name}: ${told.state}, ${eventsAppended} events new, ${rejectedRows} rows rejected${error === null ? '' : `: ${error}`}`,
        )
        return
      }
      case 'busy':
        skip = LOOKS_TO_SKIP
        return
      case 'retry':
        skip = LOOKS_TO_SKIP
        logger.warn({ mapping, name, error: told.error }, `${mapping}/${name}: left for later: ${told.error}`)
    }
  }

  async function importAll(): Promise<void> {
    const started = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', `--import=${FOLLOW_PARENT}`, DROP_MAIN],
      {
        env: inheritedEnvironment({ DATABASE_URL: databaseUrl, DROP_DIR: dropDir }),
        // The channel tells the child when we are gone.
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    )
    child = started
    if (started.stdout) createInterface({ input: started.stdout }).on('line', onTold)
    if (started.stderr) {
      createInterface({ input: started.stderr }).on('line', line => logger.warn(`drop folder: ${line}`))
    }
    await once(started, 'close')
    child = undefined
    if (started.exitCode !== 0) {
      skip = LOOKS_TO_SKIP
      if (!stopped)
        logger.warn(
          { exitCode: started.exitCode, signal: started.signalCode },
          'the import of dropped files ended early',
        )
    }
  }

  return {
    async run() {
      if (stopped) return
      if (skip > 0) {
        skip -= 1
        return
      }
      await mkdir(dropDir, { recursive: true })
      if ((await findDroppedFiles(dropDir, 'watched')).length > 0) await importAll()
    },
    stop() {
      stopped = true
      child?.kill('SIGTERM')
    },
  }
}
