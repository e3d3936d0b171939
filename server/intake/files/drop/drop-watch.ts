import { mkdir } from 'node:fs/promises'
import type { Logger } from 'pino'
import { howEnded, type Program, startProgram } from '#platform/process.ts'
import type { FileSummary } from '#server/intake/files/store/summary.ts'
import type { IntakeMetrics } from '#server/intake/metrics.ts'
import { findDroppedFiles } from './drop-folder.ts'

export interface DropWatch {
  /** Looks once, and has what lies ready imported by a child process. To be called about once a second. */
  run(): Promise<void>
  /** Ends the child, should one be at work: the file stays and is taken up again. */
  stop(): void
}

/** What the child tells of a file, a message each. */
export type ToldFile = { mapping: string; name: string } & (
  | { state: 'loaded' | 'failed'; summary: FileSummary }
  | { state: 'busy' }
  | { state: 'retry'; error: string }
)

/** Files in other hands, or left for later, are looked at again after this many looks: a child costs a start. */
const LOOKS_TO_SKIP = 5

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
  let child: Program | undefined
  let skip = 0
  let stopped = false

  function onTold(told: ToldFile): void {
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
    child = startProgram({
      entry: 'server/intake/files/drop/main.ts',
      settings: { DATABASE_URL: databaseUrl, DROP_DIR: dropDir },
      output: line => logger.warn(`drop folder: ${line}`),
    })
    child.child.on('message', onTold)
    const ended = await child.ended
    child = undefined
    if (ended.code === 0) return
    skip = LOOKS_TO_SKIP
    if (!stopped)
      logger.warn(
        { exitCode: ended.code, signal: ended.signal },
        `the import of dropped files ended early (${howEnded(ended)})`,
      )
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
