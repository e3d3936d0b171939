import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { type Environment, readEnvironment } from '#server/environment.ts'
import { UsageError } from './command-line.ts'
import { DEFAULT_WORLD } from './seed-options.ts'
import { createPostEvents } from './simulators/post-events.ts'
import { HopelessError, simulate, type Tell } from './simulators/simulate.ts'
import { parseSimulateOptions, SIMULATE_USAGE, type SimulateOptions } from './simulators/simulate-options.ts'
import { readSeedRecord, readShops, writeShops } from './world-files.ts'

try {
  const options = parseSimulateOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(SIMULATE_USAGE)
  else await run(options, readEnvironment())
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (error instanceof UsageError) process.stderr.write('"npm run simulate -- --help" lists the options.\n')
  process.exit(error instanceof UsageError ? 2 : 1)
}

async function run(options: SimulateOptions, environment: Environment): Promise<void> {
  const { dataDir, intakeUrl: url, intakeKey, logLevel } = environment
  const logger = pino({ level: logLevel, base: { process: 'simulate' } })
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  if (options.forMs !== undefined) setTimeout(() => stop.abort(), options.forMs).unref()

  const seed = (await readSeedRecord(dataDir)) ?? { ...DEFAULT_WORLD, until: 0 }
  const record = await readShops(dataDir, seed)
  logger.info({ ...options, stores: seed.stores, url }, `simulators send to ${url}`)
  try {
    await simulate({
      world: seed,
      shops: record?.shops ?? {},
      outboxes: record?.outboxes ?? {},
      speed: options.speed,
      post: createPostEvents({ url, intakeKey, stop: stop.signal }),
      clock: Date.now,
      wait: milliseconds => sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => {}),
      stop: stop.signal,
      save: record =>
        writeShops(dataDir, { seed, ...record }).catch((err: unknown) => {
          logger.warn({ err }, 'how the shops stand could not be kept for the next start')
        }),
      tell: tellBy(logger, url),
    })
  } catch (error) {
    if (!(error instanceof HopelessError)) throw error
    logger.fatal(error.message)
    throw error
  }
  logger.info('simulators stopped')
}

function tellBy(logger: pino.Logger, url: string): Tell {
  return {
    intakeAway: () =>
      logger.warn(`the intake does not answer at ${url}: the tills keep what they sell and wait`),
    intakeBack: () => logger.info('the intake answers again: the tills send what they kept'),
    rejected: rejected => logger.error(rejected, 'the intake rejected an event'),
    refused: detail => logger.error(`a request is given up: ${detail}`),
    summary: sent =>
      logger.info(
        sent,
        `sent ${sent.events} events in a minute, ${sent.again} of them twice; ${sent.held} times a line was lost; ${sent.waiting} wait`,
      ),
  }
}
