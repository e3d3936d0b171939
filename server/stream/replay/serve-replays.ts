import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import { howEnded, startProgram } from '#platform/process.ts'
import { pause } from '#platform/time.ts'
import { isPassing } from '#server/log/log-errors.ts'
import { waitingReplay } from './record.ts'

const POLL_MS = 1_000
/** After one that ended without having taken what was asked for, so that it is not begun again at once. */
const AFTER_FAILURE_MS = 15_000

/**
 * Does the replays that people ask for on a page, until told to stop. Each is a program of its own: the partitions of
 * this process do not wait for it, and it ends with this process. Where several processes serve, one of them does it.
 */
export async function serveReplays(options: {
  url: string
  /** For looks at what waits. */
  sql: Sql
  logger: Logger
  signal: AbortSignal
}): Promise<void> {
  const { sql, logger, signal } = options
  while (!signal.aborted) {
    const replay = await waitingReplay(sql).catch((err: unknown) => {
      if (!isPassing(err) && !signal.aborted) logger.error({ err }, 'what replays wait cannot be read')
      return null
    })
    const failed = replay !== null && !signal.aborted && !(await runReplay(replay, options))
    await pause(failed ? AFTER_FAILURE_MS : POLL_MS, signal)
  }
}

async function runReplay(
  replay: number,
  { url, logger, signal }: { url: string; logger: Logger; signal: AbortSignal },
): Promise<boolean> {
  logger.info({ replay }, `replay ${replay} begins, as it was asked for on a page`)
  const program = startProgram({
    entry: 'server/stream/replay/main.ts',
    args: ['--request', String(replay)],
    settings: { DATABASE_URL: url },
    output: line => logger.info({ replay }, line),
    stop: signal,
  })
  const ended = await program.ended
  const isDone = ended.code === 0
  logger[isDone ? 'info' : 'warn']({ replay }, `replay ${replay} has ended (${howEnded(ended)})`)
  return isDone
}
