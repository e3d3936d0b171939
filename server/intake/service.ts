import { hostname } from 'node:os'
import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import { createGuessStore } from '#db/guesses.ts'
import { keepMeter } from '#db/meter.ts'
import { describeMissingMigrations } from '#db/migrate.ts'
import { loadStores } from '#db/stores.ts'
import { HOUR_MS, SECOND_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { SALES_DOCUMENTS } from '#domain/measures.ts'
import { CostMeter, WHOLE_PROCESS } from '#platform/cost-meter.ts'
import { isLoopback } from '#platform/environment.ts'
import type { BodyLimits } from '#platform/http/body.ts'
import { boundConnections } from '#platform/http/connections.ts'
import { KeyDoor } from '#platform/http/key-door.ts'
import { closeServer, listen } from '#platform/http/listen.ts'
import { createPeerReader, createProxyTrust } from '#platform/http/peer.ts'
import type { ReadinessCheck } from '#platform/http/readiness.ts'
import { createNotifier } from '#platform/notify.ts'
import { StageGauge } from '#platform/stage-gauge.ts'
import { startPeriodic, within } from '#platform/time.ts'
import { type OpenLog, openOrderLog } from '#server/log/open-log.ts'
import type { OrderLog, PartitionEvents } from '#server/log/order-log.ts'
import { ensureLogDays } from '#server/log/postgres-log.ts'
import { type Appender, type AppendingLog, createAppender, OverloadedError } from './append/appender.ts'
import { createCommitQueue, type Weight } from './append/commit-queue.ts'
import { createTicker } from './append/ticker.ts'
import { type DeadLetter, discardDeadLetter, insertDeadLetters, requeueDeadLetter } from './dead-letters.ts'
import { createDropWatch } from './files/drop/drop-watch.ts'
import { MAX_BODY_BYTES } from './http/decode-body.ts'
import { createIntakeServer } from './http/server.ts'
import { createTimeSlices } from './http/time-slices.ts'
import { createIntakeMetrics, type IntakeMetrics } from './metrics.ts'
import { createReferenceCache, type ReferenceCache } from './stores/reference.ts'
import { alignZones } from './stores/zones.ts'

export interface IntakeOptions {
  /** A migrated database. */
  databaseUrl: string
  host: string
  /** 0 for any free port. */
  port: number
  /** Bearer key; undefined asks for none. */
  intakeKey: string | undefined
  /** Proxies whose X-Forwarded-For is believed; none unless given. */
  trustedProxies?: readonly string[]
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

const MAX_CONNECTIONS = 2_000
const MAX_CONNECTIONS_OF_ONE = 500

/** Decoding of one round of the event loop. */
const DECODING_SLICE_MS = 5
// A stream that is woken more often reads batches of one: it costs it, and the database, more than it gains.
const HINT_EVERY_MS = 8
const DRAIN_MS = 3_000
const CLOSE_LOG_MS = 500
const REFERENCE_REFRESH_MS = 10 * SECOND_MS
/** Several readings have failed by then. */
const OLDEST_REFERENCE_MS = 60 * SECOND_MS
/** Below the time in which the readiness check wants an answer, so that no look outlives its question. */
const LOG_WITHIN_MS = 1_500
const MAX_DEAD_LETTERS_OF_COMMIT = 1_000
const TELL_UNTAKEN_MS = 10 * SECOND_MS

/**
 * Starts the HTTP intake.
 * @throws ListenError when the port is taken or the address is not ours; nothing is left open then
 */
export async function startIntake(options: IntakeOptions): Promise<IntakeService> {
  const clients = openClients(options.databaseUrl)
  try {
    return await start(options, clients)
  } catch (error) {
    await clients.end()
    throw error
  }
}

async function start(options: IntakeOptions, clients: Clients): Promise<IntakeService> {
  const { databaseUrl, logger, clock = Date.now, trustedProxies = [] } = options
  const { side, settling } = clients
  const limits = { ...LIMITS, ...options.limits }
  await ensureLogDays(side)
  const log = await openOrderLog(side)
  const partitionCount = await log.partitionCount()
  const appending = await openOrderLog(clients.append(partitionCount))
  const meter = new CostMeter()
  const metrics = createIntakeMetrics(() => pending(), meter)
  const ticker = await createTicker({ sql: side, log })
  await alignStoreZones(side, logger)
  const reference = await createReferenceCache(side)
  const hints = createNotifier(clients.hints, { channel: 'log_appended', everyMs: HINT_EVERY_MS })
  const appender = createAppender({
    log: countAppends(appending, { metrics, meter }),
    partitionCount,
    maxBatch: limits.maxBatch,
    maxPending: limits.maxPending,
    newestReference: () => reference.catchUp(),
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
    maxBatch: { events: MAX_DEAD_LETTERS_OF_COMMIT, bytes: limits.maxBatch.bytes },
  })
  let readingBytes = 0

  function pending(): Weight {
    return {
      events: appender.pending.events,
      bytes: readingBytes + appender.pending.bytes + letters.pending.bytes,
    }
  }

  const stages = {
    requests: new StageGauge('intake_requests', limits.maxPending.bytes),
    events: new StageGauge('intake_events', limits.maxPending.events),
    connections: new StageGauge('intake_connections', MAX_CONNECTIONS),
  }
  /** Looked at whenever something comes or goes. */
  function lookAtStages(): void {
    const { bytes, events } = pending()
    stages.requests.set(bytes)
    stages.events.set(events)
  }
  const bounded: Appender = {
    get pending() {
      return appender.pending
    },
    async append(admissions, bytes) {
      const appending = appender.append(admissions, bytes)
      lookAtStages()
      try {
        return await appending
      } catch (error) {
        if (error instanceof OverloadedError) stages.events.meet()
        throw error
      } finally {
        lookAtStages()
      }
    },
  }

  const body: BodyLimits = {
    maxBytes: MAX_BODY_BYTES,
    budget: {
      take(bytes) {
        const now = pending()
        if (now.bytes + bytes > limits.maxPending.bytes || now.events >= limits.maxPending.events) {
          stages[now.events >= limits.maxPending.events ? 'events' : 'requests'].meet()
          return false
        }
        readingBytes += bytes
        lookAtStages()
        return true
      },
      give(bytes) {
        readingBytes -= bytes
        lookAtStages()
      },
    },
    advice: {
      tooLarge: 'send the events in several requests.',
      full: 'The intake has all the requests it can hold: send this one again later.',
    },
  }
  let stopping = false
  const door = new KeyDoor({
    key: options.intakeKey,
    store: createGuessStore(side, 'key'),
    clock,
    peerOf: createPeerReader(trustedProxies),
    onError: err => logger.warn({ err }, 'wrong keys are counted in this process alone for now'),
  })
  await door.open()
  const server = createIntakeServer({
    context: {
      body,
      reference,
      appender: bounded,
      async keepDeadLetters(group) {
        await letters.submit(group)
      },
      slices: createTimeSlices(DECODING_SLICE_MS),
      requeue: request => requeueDeadLetter({ client: settling, appender: bounded, clock }, request),
      discard: request => discardDeadLetter(settling, request),
      clock,
      metrics,
    },
    host: options.host,
    door,
    readiness: readinessOf(side, { log, reference }),
    metrics,
    logger,
    answerWithinMs: limits.answerWithinMs,
    headWithinMs: limits.headWithinMs,
    isStopping: () => stopping,
  })
  const isProxy = createProxyTrust(trustedProxies)
  boundConnections(server, {
    most: MAX_CONNECTIONS,
    mostOfOne: MAX_CONNECTIONS_OF_ONE,
    isExempt: address => isLoopback(address) || isProxy(address),
    onCount: open => stages.connections.set(open),
    onRefused: () => stages.connections.meet(),
  })
  const { host, port } = options
  const url = await listen(server, { host, port, name: 'The intake', portSetting: 'INTAKE_PORT' })
  const drop =
    options.dropDir === undefined
      ? undefined
      : createDropWatch({ sql: side, databaseUrl, dropDir: options.dropDir, logger, metrics })

  async function tickQuietPartitions(): Promise<void> {
    for (const partition of await ticker.run(clock())) {
      hints.announce(partition)
      metrics.countTick()
    }
  }

  const periodics = [
    keepMeter(meter, {
      sql: side,
      path: 'intake',
      process: `intake ${hostname()}:${process.pid}`,
      stages: () => Object.values(stages).map(stage => stage.read()),
      onFailure: err => logger.warn({ err }, 'what this process costs is not written down for now'),
    }),
    startPeriodic(async () => drop?.run(), {
      everyMs: SECOND_MS,
      onFailure: err => logger.warn({ err }, 'the drop folder cannot be read'),
    }),
    // Beside the imports, which may take an hour: what is not taken is told meanwhile.
    startPeriodic(async () => drop?.tell(), {
      everyMs: TELL_UNTAKEN_MS,
      onFailure: err => logger.warn({ err }, 'what lies untaken in the drop folder could not be noted'),
    }),
    startPeriodic(tickQuietPartitions, {
      everyMs: SECOND_MS,
      onFailure: err => logger.warn({ err }, 'time does not move in quiet partitions for now'),
    }),
    startPeriodic(() => appending.tend(), {
      everyMs: SECOND_MS,
      onFailure: err => logger.warn({ err }, 'appends of processes that are gone are not decided for now'),
    }),
    startPeriodic(() => ensureLogDays(side), {
      everyMs: HOUR_MS,
      onFailure: err => logger.warn({ err }, 'the days to come could not be created in the log'),
    }),
    startPeriodic(() => reference.catchUp(), {
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
      await within(Promise.all(periodics.map(periodic => periodic.stop())), 500)
      await within(Promise.all([log.close(), appending.close()]), CLOSE_LOG_MS)
      await clients.end()
    },
  }
}

/** After an update of the runtime its time zone data may be younger than what SQL reads. */
async function alignStoreZones(sql: Sql, logger: Logger): Promise<void> {
  const zones = (await loadStores(sql)).flatMap(({ versions }) => versions.map(({ zone }) => zone))
  const aligned = await alignZones(sql, zones)
  if (aligned.length > 0)
    logger.info({ zones: aligned }, 'zones are read by the time zone data of this runtime from now on')
}

type Clients = ReturnType<typeof openClients>

/** Connections are made when they are first used. */
function openClients(databaseUrl: string) {
  const opened: Sql[] = []

  function open(purpose: string, max: number): Sql {
    const client = connect(databaseUrl, { max, applicationName: `tillstream intake${purpose}` })
    opened.push(client)
    return client
  }

  return {
    // Apart, so that neither dead letters nor a look at the log's end delay an append.
    side: open('', 2),
    hints: open(' hints', 1),
    // A requeue holds its dead letter until the append has committed.
    settling: open(' dead letters', 2),
    /** One connection a partition, and one for what goes to two: appends to different partitions never wait. */
    append: (partitionCount: number) => open(' append', partitionCount + 1),
    async end() {
      await Promise.all(opened.map(client => client.end({ timeout: 0.5 })))
    },
  }
}

/** What proves that the intake gets on: that the next event could be judged and appended, not that a timer runs. */
function readinessOf(
  sql: Sql,
  { log, reference }: { log: OpenLog; reference: ReferenceCache },
): Record<string, ReadinessCheck> {
  return {
    async database() {
      await sql`select 1`
    },
    async migrations() {
      const missing = await describeMissingMigrations(sql)
      if (missing !== undefined) throw new Error(missing)
    },
    // Every partition lets an append in: asked as a tick that is never due, so that nothing is written.
    async log() {
      if (log.kind === 'kafka') {
        await log.end()
        return
      }
      await sql.begin(async transaction => {
        await transaction`select set_config('lock_timeout', ${`${LOG_WITHIN_MS}ms`}, true)`
        await transaction`
          select log.append_tick(partition, interval '100 years')
          from (select partition from log.partitions order by partition) in_order`
      })
    },
    async stores() {
      const ageMs = reference.ageMs()
      if (ageMs <= OLDEST_REFERENCE_MS) return
      throw new Error(`stores and products were read ${Math.round(ageMs / SECOND_MS)} s ago, and not since`)
    },
  }
}

function countAppends(
  log: OrderLog,
  { metrics, meter }: { metrics: IntakeMetrics; meter: CostMeter },
): AppendingLog {
  async function counted<Result>(
    groups: readonly PartitionEvents[],
    append: () => Promise<Result>,
  ): Promise<Result> {
    const began = performance.now()
    const result = await append()
    const ms = performance.now() - began
    const events = groups.reduce((sum, group) => sum + group.events.length, 0)
    const orders = groups.reduce((sum, group) => sum + group.events.filter(isSalesDocument).length, 0)
    metrics.countAppend(events, ms / SECOND_MS)
    meter.add(WHOLE_PROCESS, { orders })
    // A row of the log and its key, each.
    meter.add('append', { rows: 2 * events, databaseMicros: ms * 1_000 })
    return result
  }
  return {
    append: (partition, events, revision) =>
      counted([{ partition, events }], () => log.append(partition, events, revision)),
    appendTogether: (groups, revision) => counted(groups, () => log.appendTogether(groups, revision)),
  }
}

const SALES: ReadonlySet<string> = new Set(SALES_DOCUMENTS)

function isSalesDocument({ type }: LogEvent): boolean {
  return SALES.has(type)
}
