import type { Logger } from 'pino'
import { connect } from '#db/client.ts'
import { HOUR_MS, SECOND_MS } from '#domain/instant.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { type AppendHints, createAppendHints } from './append/append-hints.ts'
import { createAppender } from './append/appender.ts'
import { createCommitQueue, type Weight } from './append/commit-queue.ts'
import { createTicker } from './append/ticker.ts'
import { type DeadLetter, discardDeadLetter, insertDeadLetters, requeueDeadLetter } from './dead-letters.ts'
import { createDropWatch } from './files/drop/drop-watch.ts'
import { createAuthorize } from './http/authorize.ts'
import { databaseCheck, migrationsCheck } from './http/health.ts'
import { closeServer, listen } from './http/listen.ts'
import { MAX_BODY_BYTES, type ReadingBudget } from './http/request-body.ts'
import { createIntakeServer } from './http/server.ts'
import { createTimeSlices } from './http/time-slices.ts'
import { createIntakeMetrics, type IntakeMetrics } from './metrics.ts'
import { type Periodic, startPeriodic } from './periodic.ts'
import { createReferenceCache } from './stores/reference.ts'
import { within } from './within.ts'

export interface IntakeOptions {
  /** A migrated database. */
  databaseUrl: string
  host: string
  /** 0 for any free port. */
  port: number
  /** Bearer key; undefined asks for none. */
  intakeKey: string | undefined
  /** Folder in which files arrive; undefined: none is watched. */
  dropDir: string | undefined
  logger: Logger
  clock?: () => number
  limits?: Partial<IntakeLimits>
}

export interface IntakeLimits {
  /** Most weight of requests that are read or wait for their commit. */
  maxPending: Weight
  /** Most weight of one commit to a partition. */
  maxBatch: Weight
  /** Longest time a sender waits for its commit. */
  answerWithinMs: number
  /** Longest time a sender may take for the head of a request; for all of it, three times that. */
  headWithinMs: number
}

export interface IntakeService {
  /** http://host:port */
  url: string
  metrics: IntakeMetrics
  /** Stops accepting, finishes what is in flight, and is done within 5 s. */
  stop(): Promise<void>
}

// Decoded and enriched, events take some ten times the bytes of their request. What waits is some two seconds'
// work on two cores: a sender that is told to come again waits no longer than one that is let in.
const LIMITS: IntakeLimits = {
  maxPending: { events: 20_000, bytes: 16 * MAX_BODY_BYTES },
  maxBatch: { events: 2_000, bytes: 8 * MAX_BODY_BYTES },
  answerWithinMs: 15 * SECOND_MS,
  headWithinMs: 10 * SECOND_MS,
}

/** Decoding of one round of the event loop. */
const DECODING_SLICE_MS = 5
const DRAIN_MS = 3_000
const REFERENCE_REFRESH_MS = 10 * SECOND_MS
const MAX_LETTERS_OF_COMMIT = 1_000

/** Starts the HTTP intake. @throws ListenError when the port is taken or the address is not ours */
export async function startIntake(options: IntakeOptions): Promise<IntakeService> {
  const { databaseUrl, logger, clock = Date.now } = options
  const limits = { ...LIMITS, ...options.limits }
  const clients = await openClients(databaseUrl)
  const { side, append } = clients
  const metrics = createIntakeMetrics(() => pending())
  const log = countAppends(createPostgresLog(append), metrics)
  const hints = createAppendHints(async partitions => {
    await clients.hints`
      select pg_notify('log_appended', hint.partition)
      from unnest(${partitions.map(String)}::text[]) as hint(partition)`
  })
  const ticker = await createTicker({ sql: side, log: createPostgresLog(side) })
  const reference = await createReferenceCache(side, clock)
  const appender = createAppender({
    log,
    partitionCount: clients.partitionCount,
    maxBatch: limits.maxBatch,
    maxPending: limits.maxPending,
    onAppended(appended) {
      ticker.onAppended(appended)
      if (appended.last !== null) hints.announce(appended.partition)
    },
  })
  const letters = createCommitQueue<readonly DeadLetter[], null>({
    async commit(groups) {
      await insertDeadLetters(side, groups.flat())
      return groups.map(() => null)
    },
    weigh: group => ({
      events: group.length,
      bytes: group.reduce((sum, letter) => sum + letter.payload.length, 0),
    }),
    maxBatch: { events: MAX_LETTERS_OF_COMMIT, bytes: limits.maxBatch.bytes },
  })
  let readingBytes = 0

  function pending(): Weight {
    return {
      events: appender.pending.events,
      bytes: readingBytes + appender.pending.bytes + letters.pending.bytes,
    }
  }

  const budget: ReadingBudget = {
    take(bytes) {
      const now = pending()
      if (now.bytes + bytes > limits.maxPending.bytes || now.events >= limits.maxPending.events) return false
      readingBytes += bytes
      return true
    },
    give(bytes) {
      readingBytes -= bytes
    },
  }
  let stopping = false
  const server = createIntakeServer({
    context: {
      authorize: createAuthorize(options.intakeKey),
      budget,
      reference,
      appender,
      async keepDeadLetters(group) {
        await letters.submit(group)
      },
      slices: createTimeSlices(DECODING_SLICE_MS),
      requeue: request => requeueDeadLetter({ sql: clients.settling, appender, clock }, request),
      discard: request => discardDeadLetter(clients.settling, request),
      clock,
      metrics,
    },
    readiness: { database: databaseCheck(side), migrations: migrationsCheck(side) },
    metrics,
    logger,
    answerWithinMs: limits.answerWithinMs,
    headWithinMs: limits.headWithinMs,
    isStopping: () => stopping,
  })
  const url = await listen(server, options).catch(async (error: unknown) => {
    await clients.end()
    throw error
  })
  const drop =
    options.dropDir === undefined
      ? undefined
      : createDropWatch({ databaseUrl, dropDir: options.dropDir, logger, metrics })
  const periodics = [
    startPeriodic(async () => drop?.run(), {
      everyMs: SECOND_MS,
      onFailure: err => logger.warn({ err }, 'the drop folder cannot be read'),
    }),
    startPeriodic(() => tick({ ticker, clock, hints, metrics }), {
      everyMs: SECOND_MS,
      onFailure: err => logger.warn({ err }, 'time does not move in quiet partitions for now'),
    }),
    startPeriodic(() => ensureLogDays(side), {
      everyMs: HOUR_MS,
      onFailure: err => logger.warn({ err }, 'the days to come could not be created in the log'),
    }),
    startPeriodic(() => reference.refresh(REFERENCE_REFRESH_MS), {
      everyMs: REFERENCE_REFRESH_MS,
      onFailure: err => logger.warn({ err }, 'stores and products could not be read again'),
    }),
  ]
  return {
    url,
    metrics,
    async stop() {
      stopping = true
      await closeServer(server, DRAIN_MS)
      hints.stop()
      drop?.stop()
      await within(Promise.all(periodics.map((periodic: Periodic) => periodic.stop())), 500)
      await clients.end()
    },
  }
}

async function openClients(databaseUrl: string) {
  // Apart, so that neither dead letters nor a look at the log's end delay an append.
  const side = connect(databaseUrl, { max: 3, applicationName: 'tillstream intake' })
  const hints = connect(databaseUrl, { max: 1, applicationName: 'tillstream intake hints' })
  // A requeue holds its letter until the append has committed.
  const settling = connect(databaseUrl, { max: 2, applicationName: 'tillstream intake dead letters' })
  await ensureLogDays(side)
  const partitionCount = await createPostgresLog(side).partitionCount()
  // One connection a partition: appends to different partitions never wait for each other.
  const append = connect(databaseUrl, { max: partitionCount, applicationName: 'tillstream intake append' })
  return {
    side,
    hints,
    settling,
    append,
    partitionCount,
    async end() {
      await Promise.all([side, hints, settling, append].map(client => client.end({ timeout: 0.5 })))
    },
  }
}

function countAppends(log: OrderLog, metrics: IntakeMetrics): OrderLog {
  return {
    ...log,
    async append(partition, events) {
      const began = performance.now()
      const result = await log.append(partition, events)
      metrics.countAppend(events.length, (performance.now() - began) / 1_000)
      return result
    },
  }
}

async function tick({
  ticker,
  clock,
  hints,
  metrics,
}: {
  ticker: Awaited<ReturnType<typeof createTicker>>
  clock: () => number
  hints: AppendHints
  metrics: IntakeMetrics
}): Promise<void> {
  for (const partition of await ticker.run(clock())) {
    hints.announce(partition)
    metrics.countTick()
  }
}
