import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import type { OpenDatabase } from '#db/embedded/open-database.ts'
import { SECOND_MS } from '#domain/instant.ts'
import type { ControlLink, Status } from './control-link.ts'

const EXCHANGE_EVERY_MS = 2 * SECOND_MS
const OPEN_AGAIN_MS = 15 * SECOND_MS
/** The demo gives simulators a second to stop. */
const LAST_EXCHANGE_MS = 500

/**
 * Exchanges requests and reports with the database until `stop` fires. It may be away for as long as it likes:
 * the shops sell on.
 */
export function keepInTouch(options: {
  open(): Promise<OpenDatabase>
  link: ControlLink
  status: Status
  logger: Logger
  stop: AbortSignal
}): {
  /** One last exchange, after `stop`: what became of everything. */
  close(): Promise<void>
} {
  const { open, link, status, logger, stop } = options
  let database: OpenDatabase | undefined
  let sql: Sql | undefined

  async function exchangeUntilStopped(): Promise<void> {
    for (let isAway = false; !stop.aborted; ) {
      try {
        database ??= await open()
        sql ??= connect(database.url, { max: 1, applicationName: 'tillstream simulate' })
        await link.exchange(sql, status)
        if (isAway) logger.info('the database answers again: scenarios can be asked for')
        isAway = false
      } catch (err) {
        if (!isAway)
          logger.warn({ err }, 'the database does not answer: the shops sell on, without scenarios')
        isAway = true
      }
      await sleep(sql ? EXCHANGE_EVERY_MS : OPEN_AGAIN_MS, undefined, { signal: stop }).catch(() => {})
    }
  }

  const exchanging = exchangeUntilStopped()
  return {
    async close() {
      const end = async () => {
        await exchanging
        if (sql) await link.exchange(sql, status)
      }
      await Promise.race([end().catch(() => {}), sleep(LAST_EXCHANGE_MS)])
      await sql?.end({ timeout: 0 })
      await database?.release()
    },
  }
}
