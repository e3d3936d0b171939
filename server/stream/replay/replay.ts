import { connect, type Sql } from '#db/client.ts'
import type { CertificateOccasion } from '#domain/certificate.ts'
import { OWN_ENGINE } from '#domain/engine.ts'
import type { ReplayKind } from '#domain/replay.ts'
import { messageOf } from '#platform/command.ts'
import { startPeriodic } from '#platform/time.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import {
  activeGeneration,
  activeStand,
  createNextGeneration,
  dropGeneration,
  dropRetired,
  newestRetired,
} from '#server/stream/state/generations.ts'
import { Build, buildUntilClose, ownerName } from './build.ts'
import { changeEngine } from './change-engine.ts'
import { compareAlerts, compareTotals, standingAnswer } from './compare-generations.ts'
import type { Recorded, ReplayOptions, ReplayOutcome } from './outcome.ts'
import { ReplayRecord, settleAbandoned } from './record.ts'
import { switchGeneration } from './switch-generation.ts'

const LOOK_FOR_CLIENT_MS = 1_000

/** Another replay is under way. */
export class ReplayRunningError extends Error {
  override readonly name = 'ReplayRunningError'
}

/** There is no generation to go back to. */
export class NothingRetiredError extends Error {
  override readonly name = 'NothingRetiredError'
}

/**
 * Rebuilds the stream's tables from offset 0 as a new generation, without side effects, holds it against
 * the active one at equal offsets, and switches; or brings the generation that was active before to where the active
 * one stands, and switches back to it; or holds one of another engine against the active one, and switches to that. The service goes on meanwhile; it pauses for the last
 * moment. Whatever happens before the switch leaves the active generation as it was; what was half built
 * is dropped by the next replay. Either way `live.replays` keeps what was done.
 * @throws ReplayRunningError, NothingRetiredError; what the database or the log throws
 */
export async function replay(
  options: ReplayOptions & {
    acceptsDifferences: boolean
    kind?: ReplayKind
    to?: number | null
    askedBy?: string | null
  },
): Promise<ReplayOutcome> {
  const { acceptsDifferences, kind = 'rebuild', to = null, askedBy = null } = options
  return onConnection(options, async sql =>
    underRecord(sql, options, await ReplayRecord.begin(sql, { kind, to, acceptsDifferences, askedBy })),
  )
}

/** Does what was asked for on a page. @returns null when another process has taken it @throws as `replay` does */
export async function replayAsked(
  options: ReplayOptions & { request: number },
): Promise<ReplayOutcome | null> {
  return onConnection(options, async sql => {
    const record = await ReplayRecord.take(sql, options.request)
    return record && underRecord(sql, options, record)
  })
}

async function onConnection<Outcome>(
  { url }: ReplayOptions,
  work: (sql: Sql) => Promise<Outcome>,
): Promise<Outcome> {
  // Killed while it waits for a lock, it is gone within a second: its record says so, and the next one need not wait.
  const session = { client_connection_check_interval: LOOK_FOR_CLIENT_MS }
  const sql = connect(url, { max: 1, applicationName: 'tillstream replay', session })
  try {
    await settleAbandoned(sql)
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function underRecord(sql: Sql, options: ReplayOptions, record: ReplayRecord): Promise<ReplayOutcome> {
  try {
    await takeReplayLock(sql)
    return await WORK[record.request.kind](sql, { ...options, record })
  } catch (error) {
    // Where not even that can be written, its backend is gone, which says it too.
    await record.unswitched({ state: 'failed', detail: messageOf(error) }).catch(() => {})
    throw error
  }
}

const WORK: Readonly<Record<ReplayKind, (sql: Sql, options: Recorded) => Promise<ReplayOutcome>>> = {
  rebuild,
  switch_back: goBack,
  certify: (sql, options) => toAsked(sql, options, 'check'),
  switch: (sql, options) => toAsked(sql, options, 'switch'),
}

async function rebuild(sql: Sql, options: Recorded): Promise<ReplayOutcome> {
  const { logger, record } = options
  const active = await activeStand(sql)
  const to = await createNextGeneration(sql)
  if (active.engine !== OWN_ENGINE) return rebuildBeside(sql, options, { from: active.generation, to })
  const from = active.generation
  return bringForward(sql, options, { from, to }, async (build, partitions) => {
    await buildUntilClose(sql, build, { from, partitions })
    const { offsets, ...active } = await standingAnswer(sql, { generation: from, partitions })
    await build.advance(offsets)
    const rebuilt = await standingAnswer(sql, { generation: to, partitions })
    const differences = compareTotals(active.totals, rebuilt.totals)
    const alerts = compareAlerts(active.alerts, rebuilt.alerts)
    const built = { from, to, events: build.events, buildMs: build.elapsedMs(), differences, alerts }
    await record.progress(build.progress())
    await record.compared(built)
    const outcome = { kind: 'rebuild' as const, ...built }
    if (differences.length + alerts.length > 0 && !record.request.acceptsDifferences) {
      await build.close()
      await dropGeneration(sql, to)
      await record.unswitched({
        state: 'kept',
        detail: `The rebuilt generation differs: generation ${from} stays active.`,
      })
      return { ...outcome, isSwitched: false, wasRunning: false }
    }
    const wasRunning = await switchOver(sql, options, { build, from, to, partitions })
    await dropRetired(sql, logger)
    return { ...outcome, events: build.events, isSwitched: true, wasRunning }
  })
}

/** What another engine has active is held against, row by row, as its certificate was. */
async function rebuildBeside(
  sql: Sql,
  options: Recorded,
  { from, to }: { from: number; to: number },
): Promise<ReplayOutcome> {
  const outcome = await changeEngine(sql, options, { from, to, occasion: 'switch' })
  if (outcome.isSwitched) await dropRetired(sql, options.logger)
  else await dropGeneration(sql, to)
  return outcome
}

/** To, or against, a generation that was asked for by its number. */
async function toAsked(sql: Sql, options: Recorded, occasion: CertificateOccasion): Promise<ReplayOutcome> {
  const { to } = options.record.request
  if (to === null) throw new Error('the request says no generation')
  return changeEngine(sql, options, { from: await activeGeneration(sql), to, occasion })
}

async function goBack(sql: Sql, options: Recorded): Promise<ReplayOutcome> {
  const active = await activeStand(sql)
  const retired = await newestRetired(sql)
  if (retired === null) {
    throw new NothingRetiredError('there is no retired generation to go back to: no replay has switched yet')
  }
  const { generation: from } = active
  const { generation: to } = retired
  if (active.engine !== OWN_ENGINE || retired.engine !== OWN_ENGINE)
    return changeEngine(sql, options, { from, to, occasion: 'switch' })
  return bringForward(sql, options, { from, to }, async (build, partitions) => {
    await buildUntilClose(sql, build, { from, partitions })
    const wasRunning = await switchOver(sql, options, { build, from, to, partitions })
    const { events } = build
    const built = { from, to, events, buildMs: build.elapsedMs(), differences: [], alerts: [] }
    await options.record.compared(built)
    return { kind: 'switch_back', ...built, isSwitched: true, wasRunning }
  })
}

/** Tells how far a generation is while it is brought forward. */
const TELL_MS = 500

async function bringForward(
  sql: Sql,
  { url, name, logger, record }: Recorded,
  { from, to }: { from: number; to: number },
  work: (build: Build, partitions: readonly number[]) => Promise<ReplayOutcome>,
): Promise<ReplayOutcome> {
  await record.between({ from, to })
  const count = await createPostgresLog(sql).partitionCount()
  const partitions = Array.from({ length: count }, (_, index) => index)
  const build = new Build({ url, generation: to, partitions, name, isLive: false, logger })
  const telling = startPeriodic(() => record.progress(build.progress()), {
    everyMs: TELL_MS,
    onFailure: err => logger.warn({ err }, 'the progress of the replay is not told'),
  })
  try {
    return await work(build, partitions)
  } finally {
    await telling.stop()
    await build.close()
  }
}

async function switchOver(
  sql: Sql,
  { name, record }: Recorded,
  { build, from, to, partitions }: { build: Build; from: number; to: number; partitions: readonly number[] },
): Promise<boolean> {
  const { wasRunning } = await switchGeneration(sql, {
    from,
    to,
    partitions,
    owner: ownerName(name),
    advance: offsets => build.advance(offsets),
    onMoved: transaction => record.switched(transaction, `Generation ${to} is active.`),
  })
  await record.progress(build.progress())
  await build.close()
  return wasRunning
}

/** One replay at a time. Held by the connection: it ends with this process, however that ends. */
async function takeReplayLock(sql: Sql): Promise<void> {
  const [row] = await sql<{ taken: boolean }[]>`
    select pg_try_advisory_lock(hashtext('tillstream.stream.replay')) as taken`
  if (!row?.taken) {
    throw new ReplayRunningError('another replay is under way: wait for it, or stop it first')
  }
}
