import { connect } from '#db/client.ts'
import { HOUR_MS, SECOND_MS } from '#domain/instant.ts'
import { startPeriodic } from '#platform/time.ts'
import { decide, sweep } from './decide.ts'
import { deliverDue } from './deliver.ts'
import type { NotifySettings } from './outcome.ts'

/*
 * Reaching people. A worker in every web process: what is to be told is decided in one transaction (decide.ts), then sent
 * by whoever takes it (deliver.ts). It keeps nothing in memory, so it may be killed at any moment, and as many as there
 * are gateways may run.
 *
 *   alerts of both paths ── decide ──> notify.messages ──> notify.deliveries ── take ──> page, push, mail, webhook
 *                                                                  ^                         │
 *                                                                  └── again, later and later ┘
 */

/** How often it looks whether anything is to be told. A look at a hundred alerts takes 6 ms, for thirty subscriptions 21 ms. */
const LOOK_MS = SECOND_MS
/** How often it looks for what goes out of the house, and is tried again. */
const SEND_MS = SECOND_MS

export interface NotifyWorker {
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>
}

/**
 * Starts telling people. Its connections are its own, and what goes out has a loop of its own: a mail server that is slow
 * keeps neither a page nor a toast waiting.
 */
export function startNotifyWorker({
  databaseUrl,
  settings,
  onFailure,
}: {
  databaseUrl: string
  settings: NotifySettings
  /** Told of the first of several failures in a row. */
  onFailure: (error: unknown) => void
}): NotifyWorker {
  // None is held while a delivery is under way.
  const sql = connect(databaseUrl, { max: 2, applicationName: 'tillstream notify', session: { jit: 'off' } })
  const loops = [
    startPeriodic(
      async () => {
        await decide(sql)
        await deliverDue(sql, settings, 'pages')
      },
      { everyMs: LOOK_MS, onFailure },
    ),
    startPeriodic(() => deliverDue(sql, settings, 'outside'), { everyMs: SEND_MS, onFailure }),
    startPeriodic(() => sweep(sql), { everyMs: HOUR_MS, onFailure }),
  ]
  return {
    async stop() {
      await Promise.all(loops.map(loop => loop.stop()))
      await sql.end({ timeout: 1 })
    },
  }
}
