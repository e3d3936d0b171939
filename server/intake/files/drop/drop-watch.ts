import { mkdir } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import { howEnded, type Program, startProgram } from '#platform/process.ts'
import type { FileSummary } from '#server/intake/files/store/summary.ts'
import type { IntakeMetrics } from '#server/intake/metrics.ts'
import { isAnyDue } from './drop-folder.ts'
import { tellUntaken } from './tell-untaken.ts'

export interface DropWatch {
  /** Looks once, and has what lies ready imported by a child process. To be called about once a second. */
  run(): Promise<void>
  /** Keeps what lies there untaken for the page Pipeline, and says in the log what is new of it. */
  tell(): Promise<void>
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
  sql,
  databaseUrl,
  dropDir,
  logger,
  metrics,
}: {
  sql: Sql
  databaseUrl: string
  dropDir: string
  logger: Logger
  metrics: IntakeMetrics
}): DropWatch {
  let child: Program | undefined
  let skip = 0
  let stopped = false
  let told = new Map<string, string>()

  function onTold(file: ToldFile): void {
    const { mapping, name } = file
    switch (file.state) {
      case 'loaded':
      case 'failed': {
        metrics.countFile(file.state)
        const { rows, rejectedRows, eventsAppended, duplicates, error } = file.summary
        const level = file.state === 'failed' || rejectedRows > 0 ? 'warn' : 'info'
        logger[level](
          { mapping, name, rows, rejectedRows, eventsAppended, duplicates, error },
          `${mapping}/${name}: ${file.state}, ${eventsAppended} events new, ${rejectedRows} rows rejected${error === null ? '' : `: ${error}`}`,
        )
        return
      }
      case 'busy':
        skip = LOOKS_TO_SKIP
        return
      case 'retry':
        skip = LOOKS_TO_SKIP
        logger.warn({ mapping, name, error: file.error }, `${mapping}/${name}: left for later: ${file.error}`)
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
      if (await isAnyDue(sql, dropDir, 'watched')) await importAll()
    },
    async tell() {
      const found = await tellUntaken(sql, dropDir)
      // Its not being readable is a failure of `run`, and told there.
      if ('problem' in found) return
      const telling = new Map(
        found.untaken.map(({ place, reason, detail }) => [place, `${reason}: ${detail}`]),
      )
      for (const { place, reason, detail } of found.untaken) {
        if (told.get(place)?.startsWith(`${reason}:`)) continue
        logger.warn({ place, reason, detail }, `${place} is not taken: ${detail}`)
      }
      told = telling
    },
    stop() {
      stopped = true
      child?.kill('SIGTERM')
    },
  }
}
