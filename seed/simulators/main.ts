import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { connect } from '#db/client.ts'
import { type OpenDatabase, openDatabase } from '#db/embedded/open-database.ts'
import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { tryLock, unlock } from '#platform/file-lock.mjs'
import { UsageError } from '#seed/seeder/command-line.ts'
import { DEFAULT_WORLD } from '#seed/seeder/seed-options.ts'
import { shopsOf } from '#seed/world/stores.ts'
import { readSeedRecord } from '#seed/world/world-files.ts'
import { createControlLink, keepInTouch } from './control/control-link.ts'
import { doSimulatorsLive, playElsewhere } from './control/scenario-runs.ts'
import { dropFile, openJournals } from './files/journals.ts'
import { openShopFiles } from './files/shop-files.ts'
import { createPostEvents } from './post-events.ts'
import { HopelessError, simulate } from './simulate.ts'
import { parseSimulateOptions, SIMULATE_USAGE, type SimulateOptions } from './simulate-options.ts'
import { tellBy } from './tell.ts'

/** What a till has kept is delivered in seconds, if the intake is there. */
const DELIVER_WITHIN_MS = 30 * SECOND_MS

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
const wait = (milliseconds: number) => sleep(milliseconds, undefined, { signal: stop.signal }).catch(() => {})

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

/** Plays the shops, or has those play that do already: two on the same shops would sell the same goods twice. */
async function run(options: SimulateOptions, environment: Environment): Promise<void> {
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
        `Simulators run here already (process ${holder}), but cannot be asked: ${error instanceof Error ? error.message : error}`,
      )
    })
    try {
      if (database && (await handOver(database, holder !== undefined))) return
    } finally {
      await database?.release()
    }
  }
  await play(options, environment)

  async function handOver({ url }: OpenDatabase, isCertain: boolean): Promise<boolean> {
    const sql = connect(url, { max: 1, applicationName: 'tillstream simulate' })
    try {
      const follower = {
        sql,
        wait: (ms: number) => sleep(ms),
        stop: stop.signal,
        print: (line: string) => console.log(line),
      }
      if (!isCertain && !(await doSimulatorsLive(follower))) return false
      if (scenario === null) return false
      if ((await playElsewhere(follower, { scenario, minutes })) === 'failed')
        throw new Error('It failed: see above.')
      return true
    } finally {
      await sql.end({ timeout: 1 })
    }
  }
}

async function play(options: SimulateOptions, environment: Environment): Promise<void> {
  const { scenario, minutes, speed } = options
  const { dataDir, dropDir, intakeUrl: url, intakeKey, logLevel } = environment
  const logger = pino({ level: logLevel, base: { process: 'simulate' } })
  const seed = (await readSeedRecord(dataDir)) ?? { ...DEFAULT_WORLD, until: 0 }
  const { kept, keeper } = await openShopFiles(dataDir, seed)
  const journals = await openJournals({
    folder: path.join(dataDir, 'journals'),
    dropDir,
    stores: shopsOf(seed.stores),
    startedAt: Date.now(),
  })
  const own = scenario === null || scenario === 'ordinary' ? null : { scenario, minutes }
  const link = createControlLink(own)
  const status = { playing: 'ordinary', speed, waiting: 0 }
  const touch = keepInTouch({
    open: () => openDatabase(environment),
    link,
    status,
    logger,
    stop: stop.signal,
  })
  if (own) void stopAfterOwn()
  else if (minutes !== null) setTimeout(() => stop.abort(), minutes * MINUTE_MS).unref()
  logger.info({ ...options, stores: seed.stores, url }, `simulators send to ${url}`)

  async function stopAfterOwn(): Promise<void> {
    const { state, detail } = await link.ownOver
    logger.info({ scenario, state }, `${scenario} ${state}: ${detail}`)
    for (let waited = 0; waited < DELIVER_WITHIN_MS && status.waiting > 0; waited += SECOND_MS)
      await wait(SECOND_MS)
    stop.abort()
  }

  try {
    await simulate({
      world: seed,
      kept,
      keeper,
      journals,
      dropReviews: file => dropFile(dropDir, { mapping: 'reviews', ...file }),
      requests: link,
      speed,
      post: createPostEvents({ url, intakeKey, stop: stop.signal }),
      clock: Date.now,
      wait,
      stop: stop.signal,
      tell: tellBy(logger, url),
      onStatus: now => Object.assign(status, now),
    })
  } catch (error) {
    if (error instanceof HopelessError) logger.fatal(error.message)
    throw error
  } finally {
    stop.abort()
    await touch.close()
  }
  logger.info('simulators stopped')
}
