import { differingRows, newestAbout, refusalOf, writeCertificate } from '#db/certificates.ts'
import { connect, type Sql } from '#db/client.ts'
import type { Reading, Transaction } from '#db/transaction.ts'
import type {
  Certificate,
  CertificateDocument,
  CertificateOccasion,
  CertifiedSide,
} from '#domain/certificate.ts'
import { ENGINE_TITLES, OWN_ENGINE } from '#domain/engine.ts'
import { pause, startPeriodic } from '#platform/time.ts'
import { APP_VERSION } from '#platform/version.ts'
import { assertOwner, FencedError } from '#server/log/fence.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { GenerationComparison, type RowComparison } from '#server/stream/certificate/compare-rows.ts'
import { NOT_COMPARED } from '#server/stream/certificate/compared-tables.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'
import {
  consumerName,
  type Generation,
  OtherEngineError,
  readGenerations,
} from '#server/stream/state/generations.ts'
import { Build, buildUntilClose } from './build.ts'
import type { Recorded, ReplayOutcome } from './outcome.ts'
import { moveActive } from './switch-generation.ts'

/*
 * Invariant: the active generation is moved to another engine's, or back, only in the transaction that holds both still
 * at equal offsets and writes the certificate that says so. Whoever dies before its commit has changed nothing.
 *
 *   survey      both are written; all their rows are read once                                  no pause
 *   take        our own generation's partitions are taken from the service, if it is active     ── pause begins
 *   hold        the rows of log.owners of the other engine's partitions are locked: its next batch waits, it is not
 *               stopped and need not be started again                                           (it is ahead of ours)
 *   bring       ours is brought to exactly where the other stands: only ours can stop at an offset
 *   settle      what was written since the survey is read again, on both sides
 *   write       the certificate, and with it, if it is accepted and a switch was asked for, the pointer
 *                                                                                               ── commit: pause ends
 */

/** How far behind the other engine may be for the pause to begin, and how long it may take to get there. */
const CLOSE_EVENTS = 2_000
const CATCH_UP_PATIENCE_MS = 60_000
/** For what the service wrote last: the other engine has seen it a moment later, or does not follow. */
const LAST_EVENTS_PATIENCE_MS = 8_000
const LOOK_AGAIN_MS = 20
/** Should this process freeze with the other engine held, the server lets that go on after as long. */
const HELD_AT_MOST_MS = 30_000
/** A service that starts just then may take a partition. */
const MOST_TRIES = 3
const TELL_MS = 500

export interface EngineChange {
  from: number
  to: number
  occasion: CertificateOccasion
}

/** A generation may not become the active one as long as that stands. */
export class NotCertifiedError extends Error {
  override readonly name = 'NotCertifiedError'
}

/**
 * Holds a generation of another engine against the active one, or ours against another engine's that is active, writes
 * the certificate, and switches where that was asked for and nothing differs. Back to our own one may switch in spite of
 * differences, where that was said: what was found wrong is then left.
 * @throws OtherEngineError, NotCertifiedError; what the database or the log throws. The active generation is as it was
 */
export async function changeEngine(
  sql: Sql,
  options: Recorded,
  change: EngineChange,
): Promise<ReplayOutcome> {
  const { url, record } = options
  const sides = await readSides(sql, change)
  await record.between(change)
  if (change.occasion === 'switch' && sides.to.engine !== OWN_ENGINE) {
    const refusal = refusalOf(await newestAbout(sql, [change.from, change.to]), change.to)
    if (refusal !== null) throw new NotCertifiedError(refusal)
  }
  const count = await createPostgresLog(sql).partitionCount()
  const partitions = Array.from({ length: count }, (_, partition) => partition)
  const readers = connect(url, { max: 2, applicationName: 'tillstream certificate' })
  const holder = connect(url, {
    max: 1,
    applicationName: 'tillstream switch',
    session: {
      idle_in_transaction_session_timeout: HELD_AT_MOST_MS,
      client_connection_check_interval: 1_000,
    },
  })
  try {
    const comparing = new GenerationComparison(readers, { active: change.from, candidate: change.to })
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt(sql, options, { ...change, ...sides, partitions, comparing, holder })
      } catch (error) {
        if (!(error instanceof FencedError) || tries >= MOST_TRIES) throw error
      }
    }
  } finally {
    await Promise.all([readers.end({ timeout: 1 }), holder.end({ timeout: 1 })])
  }
}

interface Sides {
  active: Generation
  to: Generation
  own: Generation
  other: Generation
}

async function readSides(
  sql: Sql,
  { from, to }: EngineChange,
): Promise<{ active: Generation; to: Generation; own: Generation; other: Generation }> {
  const all = await readGenerations(sql)
  const active = all.find(({ generation }) => generation === from)
  const candidate = all.find(({ generation }) => generation === to)
  if (!active) throw new Error(`generation ${from} is not there`)
  if (!candidate || to === from) {
    throw new OtherEngineError(
      to === from ? `generation ${to} is the active one already` : `there is no generation ${to}`,
    )
  }
  const own = [active, candidate].filter(({ engine }) => engine === OWN_ENGINE)
  const [ours] = own
  if (!ours || own.length !== 1) {
    throw new OtherEngineError(
      ours
        ? `generation ${to} is this stream's own, as the active one is: "npm run replay" compares those`
        : `generations ${from} and ${to} are both ${ENGINE_TITLES[active.engine]}'s: switch back to one of this stream's own first`,
    )
  }
  return { active, to: candidate, own: ours, other: ours === active ? candidate : active }
}

type Attempt = Omit<EngineChange, 'to'> &
  Sides & { partitions: readonly number[]; comparing: GenerationComparison; holder: Sql }

async function attempt(sql: Sql, options: Recorded, given: Attempt): Promise<ReplayOutcome> {
  const { url, name, logger, record } = options
  const { active, own, other, partitions, comparing } = given
  const isOwnActive = own === active
  const startedAt = performance.now()
  const build = new Build({ url, generation: own.generation, partitions, name, isLive: isOwnActive, logger })
  const telling = startPeriodic(() => record.progress(build.progress()), {
    everyMs: TELL_MS,
    onFailure: err => logger.warn({ err }, 'the progress of the switch is not told'),
  })
  try {
    const wasRunning = await isStreamRunning(sql)
    if (!isOwnActive) await buildUntilClose(sql, build, { from: other.generation, partitions })
    await comparing.survey()
    if (isOwnActive)
      await awaitFollower(sql, given, {
        closeEnough: CLOSE_EVENTS,
        patienceMs: options.followerPatienceMs ?? CATCH_UP_PATIENCE_MS,
      })
    const pausedAt = performance.now()
    if (isOwnActive) {
      const standing = await build.take()
      await awaitFollower(sql, given, { at: standing, closeEnough: 0, patienceMs: LAST_EVENTS_PATIENCE_MS })
    }
    const held = await holdAndDecide(options, given, { build, startedAt, pausedAt })
    await build.close()
    const pauseMs = performance.now() - pausedAt
    await telling.stop()
    await record.progress(build.progress())
    await record.paused(pauseMs)
    const { certificate, isSwitched } = held
    if (!isSwitched) await record.unswitched(endOf(certificate, given))
    const { events } = build
    return {
      kind: record.request.kind,
      from: active.generation,
      to: given.to.generation,
      events,
      buildMs: performance.now() - startedAt,
      differences: [],
      alerts: [],
      isSwitched,
      wasRunning,
      certificate,
    }
  } finally {
    await telling.stop()
    await build.close()
  }
}

/** How a change that moved nothing has ended. */
function endOf(
  { certificate, document }: Certificate,
  { active, to }: Attempt,
): { state: 'certified' | 'refused'; detail: string } {
  if (document.verdict === 'accepted') {
    return {
      state: 'certified',
      detail: `Certificate ${certificate}: ${document.rowsCompared} rows of generation ${to.generation} are as those of generation ${active.generation}.`,
    }
  }
  return {
    state: 'refused',
    detail: `Certificate ${certificate} refuses it: ${differingRows(document)}. Generation ${active.generation} stays active.`,
  }
}

/** The transaction in which both stand still. */
async function holdAndDecide(
  { name, logger, record }: Recorded,
  { active, to, own, other, occasion, partitions, comparing, holder }: Attempt,
  { build, startedAt, pausedAt }: { build: Build; startedAt: number; pausedAt: number },
): Promise<{ certificate: Certificate; isSwitched: boolean }> {
  return holder.begin(async hold => {
    await lockOwners(hold, other.generation)
    const offsets = await offsetsOf(hold, other.generation, partitions)
    const owned = await build.advance(offsets)
    for (const ownership of owned) await assertOwner(hold, ownership)
    const found = await comparing.settle()
    const differences = found.tables.reduce((sum, table) => sum + table.differences, 0)
    const { acceptsDifferences, askedBy } = record.request
    const certificate = await writeCertificate(hold, {
      occasion,
      verdict: differences === 0 ? 'accepted' : 'refused',
      active: await describeSide(hold, active),
      candidate: await describeSide(hold, to),
      offsets: Object.fromEntries(partitions.map((partition, index) => [partition, offsets[index] ?? 0])),
      ...sumsOf(found),
      versions: await readVersions(hold),
      compareMs: Math.round(performance.now() - startedAt),
      pauseMs: Math.round(performance.now() - pausedAt),
      at: Date.now(),
      by: askedBy ?? name,
    })
    await record.certified(hold, certificate)
    const isAccepted = differences === 0 || (acceptsDifferences && to === own)
    if (occasion === 'check' || !isAccepted) return { certificate, isSwitched: false }
    await moveActive(hold, { from: active.generation, to: to.generation, partitions })
    await record.switched(
      hold,
      `Generation ${to.generation} of ${ENGINE_TITLES[to.engine]} is active, by certificate ${certificate.certificate}.`,
    )
    logger.info(
      { from: active.generation, to: to.generation, certificate: certificate.certificate },
      'switched',
    )
    return { certificate, isSwitched: true }
  })
}

function sumsOf({
  tables,
  examples,
}: RowComparison): Pick<
  CertificateDocument,
  'tables' | 'examples' | 'notCompared' | 'rowsCompared' | 'differences'
> {
  return {
    tables,
    examples,
    notCompared: [...NOT_COMPARED],
    rowsCompared: tables.reduce((sum, { rows }) => sum + rows.candidate, 0),
    differences: tables.reduce((sum, table) => sum + table.differences, 0),
  }
}

/** Whoever writes under these ownerships asks for them first, and now waits for our commit. */
async function lockOwners(hold: Transaction, generation: number): Promise<void> {
  await hold`select from log.owners where consumer = ${consumerName(generation)} order by partition for update`
}

/** Waits until the other engine's generation is where ours stands, or near. @throws OtherEngineError when it is not in time */
async function awaitFollower(
  sql: Sql,
  { own, other, partitions }: Attempt,
  { at, closeEnough, patienceMs }: { at?: readonly number[]; closeEnough: number; patienceMs: number },
): Promise<void> {
  const since = performance.now()
  for (;;) {
    const target = at ?? (await offsetsOf(sql, own.generation, partitions))
    const reached = await offsetsOf(sql, other.generation, partitions)
    const behind = target.reduce((sum, offset, index) => sum + Math.max(0, offset - (reached[index] ?? 0)), 0)
    if (behind <= closeEnough) return
    if (performance.now() - since > patienceMs) {
      throw new OtherEngineError(
        `generation ${other.generation} of ${ENGINE_TITLES[other.engine]} is ${behind} entries behind and does not come nearer: does it run?`,
      )
    }
    await pause(LOOK_AGAIN_MS)
  }
}

/** Whether a stream process is there that goes on by itself. */
async function isStreamRunning(sql: Sql): Promise<boolean> {
  const rows = await sql`
    select from stream.processes p
    join pg_stat_activity a on a.pid = p.backend_pid and a.backend_start = p.backend_start
    where p.ended_at is null limit 1`
  return rows.length > 0
}

async function describeSide(
  reading: Reading,
  { generation, engine, rulesVersion }: Generation,
): Promise<CertifiedSide> {
  const owners = await reading<{ owner: string }[]>`
    select distinct owner from log.owners where consumer = ${consumerName(generation)} order by owner`
  return { generation, engine, rulesVersion, owners: owners.map(({ owner }) => owner) }
}

async function readVersions(reading: Reading): Promise<Record<string, string>> {
  const [row] = await reading<{ postgres: string }[]>`select current_setting('server_version') as postgres`
  return { tillstream: APP_VERSION, node: process.version, postgres: row?.postgres ?? '' }
}
