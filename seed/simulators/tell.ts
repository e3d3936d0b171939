import type { Logger } from 'pino'
import { MINUTE_MS } from '#domain/instant.ts'
import type { Tell } from './simulate.ts'

/** What cannot be written is said so often at most. */
const SAY_AGAIN_MS = MINUTE_MS

/** Tells people how the simulators get on. Only what nobody planned is an error. */
export function tellBy(logger: Logger, url: string): Tell {
  const saidAt = new Map<string, number>()
  return {
    intakeAway: () =>
      logger.warn(`the intake does not answer at ${url}: the tills keep what they sell and wait`),
    intakeBack: () => logger.info('the intake answers again: the tills send what they kept'),
    rejected(rejected, planted) {
      if (planted === null) logger.error(rejected, 'the intake rejected an event')
      else logger.info(rejected, `planted, to be rejected: ${planted}`)
    },
    refused: detail => logger.error(`a request is given up: ${detail}`),
    dropped: name => logger.info({ name }, `dropped ${name}`),
    unwritten(what, err) {
      const now = performance.now()
      if (now - (saidAt.get(what) ?? -SAY_AGAIN_MS) < SAY_AGAIN_MS) return
      saidAt.set(what, now)
      logger.warn({ err }, `${what} could not be written: is the disk full? It is tried again`)
    },
    summary: sent =>
      logger.info(
        sent,
        `sent ${sent.events} events in a minute, ${sent.again} of them twice; ${sent.held} times a line was lost; ${sent.waiting} wait`,
      ),
  }
}
