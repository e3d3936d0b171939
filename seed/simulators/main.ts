import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Logger } from 'pino'
import { type OpenDatabase, openDatabase, withConnection } from '#db/open.ts'
import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { messageOf, runCommand } from '#platform/command.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { tryLock, unlock } from '#platform/file-lock.mjs'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals } from '#platform/process.ts'
import { pause } from '#platform/time.ts'
import { DEFAULT_WORLD } from '#seed/seeder/seed-options.ts'
import { shopsOf } from '#seed/world/stores.ts'
import { readSeedRecord } from '#seed/world/world-files.ts'
import { createControlLink, keepInTouch } from './control/control-link.ts'
import { doSimulatorsLive, playElsewhere } from './control/scenario-runs.ts'
import { dropFile, openJournals } from './files/journals.ts'
import { openShopFiles } from './files/shop-files.ts'
import { createPostEvents } from './post-events.ts'
import { HopelessError, simulate, type Tell } from './simulate.ts'
import { parseSimulateOptions, SIMULATE_USAGE, type SimulateOptions } from './simulate-options.ts'

/** What a till has kept is delivered in seconds, if the intake is there. */
const DELIVER_WITHIN_MS = 30 * SECOND_MS

/** Plays the shops, or has those play that do already: two on the same shops would sell the same goods twice. */
async function run(options: SimulateOptions, environment: Environment, asked: AbortSignal): Promise<void> {
  const { scenario, minutes } = options
  const folder = path.join(environment.dataDir, 'simulators')
  mkdirSync(folder, { recursive: true })
  const lock = path.join(folder, 'lock')
  const holder = tryLock(lock)
  if (holder === undefined) process.on('exit', () => unlock(lock))
  else if (scenario === null) {
    throw new Error(
      `Simulators run here already (process ${holder}). To have them play something: npm run simulate -- --scenario NAME.`,
    )
  }
  if (scenario !== null) {
    const database = await openDatabase(environment).catch((error: unknown) => {
      if (holder === undefined) return null
      throw new Error(
        `Simulators run here already (process ${holder}), but cannot be asked: ${messageOf(error)}`,
      )
    })
    try {
      if (database && (await handOver(database, holder !== undefined))) return
    } finally {
      await database?.release()
    }
  }
  await play(options, environment, asked)

  function handOver({ url }: OpenDatabase, isCertain: boolean): Promise<boolean> {
    return withConnection(url, { applicationName: 'tillstream simulate' }, async sql => {
      const follower = { sql, wait: pause, stop: asked, print: (line: string) => console.log(line) }
      if (!isCertain && !(await doSimulatorsLive(follower))) return false
      if (scenario === null) return false
      if ((await playElsewhere(follower, { scenario, minutes })) === 'failed')
        throw new Error('It failed: see above.')
      return true
    })
  }
}

async function play(options: SimulateOptions, environment: Environment, asked: AbortSignal): Promise<void> {
  const { scenario, minutes, speed } = options
  const { dataDir, dropDir, intakeUrl: url, intakeKey } = environment
  const logger = openLogger('simulate', environment)
  const over = new AbortController()
  const stop = AbortSignal.any([asked, over.signal])
  const wait = (ms: number) => pause(ms, stop)
  const seed = (await readSeedRecord(dataDir)) ?? { ...DEFAULT_WORLD, until: 0 }
  const { kept, keeper } = await openShopFiles(dataDir, seed)
  const journals = await openJournals({
    folder: path.join(dataDir, 'journals'),
    dropDir,
    stores: shopsOf(seed.stores),
    startedAt: Date.now(),
  })
  const own = scenario === null || scenario === 'ordinary' ? null : { scenario, minutes }
  const link = createControlLink(own, speed)
  const status = { playing: 'ordinary', waiting: 0 }
  const touch = keepInTouch({
    open: () => openDatabase(environment),
    link,
    status,
    logger,
    stop,
  })
  if (own) void stopAfterOwn()
  else if (minutes !== null) setTimeout(() => over.abort(), minutes * MINUTE_MS).unref()
  logger.info({ ...options, stores: seed.stores, url }, `simulators send to ${url}`)

  async function stopAfterOwn(): Promise<void> {
    const { state, detail } = await link.ownOver
    logger.info({ scenario, state }, `${scenario} ${state}: ${detail}`)
    for (let waited = 0; waited < DELIVER_WITHIN_MS && status.waiting > 0; waited += SECOND_MS)
      await wait(SECOND_MS)
    over.abort()
  }

  try {
    await simulate({
      world: seed,
      kept,
      keeper,
      journals,
      dropReviews: file => dropFile(dropDir, { mapping: 'reviews', ...file }),
      requests: link,
      speed: link.speed,
      takeInbox: link.takeInbox,
      takePrices: link.takePrices,
      post: createPostEvents({ url, intakeKey, stop }),
      clock: Date.now,
      wait,
      stop,
      tell: tellBy(logger, url),
      onStatus: now => Object.assign(status, now),
    })
  } catch (error) {
    if (error instanceof HopelessError) logger.fatal(error.message)
    throw error
  } finally {
    over.abort()
    await touch.close()
  }
  logger.info('simulators stopped')
}

/** What cannot be written is said so often at most. */
const SAY_AGAIN_MS = MINUTE_MS

/** Tells people how the simulators get on. Only what nobody planned is an error. */
function tellBy(logger: Logger, url: string): Tell {
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

await runCommand({
  usage: SIMULATE_USAGE,
  hint: '"npm run simulate -- --help" lists the options.',
  parse: parseSimulateOptions,
  run: options => run(options, readEnvironment(), stopOnSignals()),
})
