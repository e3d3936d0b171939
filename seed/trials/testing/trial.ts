import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'vitest'
import { connect, type Sql } from '#db/client.ts'
import type { TestDatabase } from '#db/testing/database.ts'
import { installPostgresClock } from '#db/testing/postgres-clock.ts'
import { addDays, type DayRange } from '#domain/calendar.ts'
import { parseEvent, type SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import type { Alert } from '#domain/operators/alert.ts'
import { HOURS_OF_WEEK } from '#domain/operators/hour-of-week.ts'
import { REPORTS } from '#domain/reports.ts'
import type { ScenarioName } from '#domain/scenario.ts'
import { connectForRuns } from '#jobs/ledger/claims.ts'
import { runWanted } from '#jobs/run/run-wanted.ts'
import { silentLogger } from '#platform/logger.ts'
import { enrichedHistory } from '#seed/history/world-history.ts'
import { dropFile, openJournals } from '#seed/simulators/files/journals.ts'
import { openShopFiles } from '#seed/simulators/files/shop-files.ts'
import { createPostEvents, type PostEvents } from '#seed/simulators/post-events.ts'
import type { ScenarioReport, ScenarioRequest } from '#seed/simulators/scenarios/scheduler.ts'
import { simulate } from '#seed/simulators/simulate.ts'
import { createTestClock, type TestClock } from '#seed/testing/clock.ts'
import { createWorld, type World } from '#seed/world/world.ts'
import { importDroppedFiles } from '#server/intake/files/drop/drop-folder.ts'
import { startTestIntake } from '#server/intake/testing/intake.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import type { FindingKind } from '#server/serving/reconcile/findings.ts'
import { isClean, reconcile } from '#server/serving/reconcile/reconcile.ts'
import { catchUp } from '#server/stream/catch-up.ts'
import { batchSales, countFigures, enrichAll, streamFigures } from './figures.ts'
import { HISTORY_DAYS, openSeeded, type Seeded, TRIAL_START } from './seeded.ts'

/** How many times faster than their history the shops trade: some 45 orders a minute, as while a scenario plays. */
const TRIAL_SPEED = 100

interface TrialOptions {
  scenario: ScenarioName
  /** How long the simulators play. */
  minutes: number
  /** How long the scenario lasts; left out, as long as it usually takes. */
  scenarioMinutes?: number
  /** Ordinary minutes before it begins; left out, it begins at once. */
  ordinaryMinutes?: number
  /** What stores' habits let expect in any hour; left out, nothing is known of them. */
  expectedPerHour?: number
  stores?: number
  /** Findings that the scenario is to make. */
  mayDiffer?: readonly FindingKind[]
  /** The batch path has published the history before. */
  isHistoryPublished?: boolean
}

/** What a scenario left behind, after both paths have read everything. */
interface Trial {
  database: TestDatabase
  world: World
  /** What the intake took, each once. */
  accepted: readonly SentEvent[]
  /** What the log should hold: the history, what was accepted, and what came in files. */
  logged: readonly LogEvent[]
  /** Events that were sent a second time and recognised. */
  duplicates: number
  /** Reasons of what was rejected, as the senders were told. */
  rejected: readonly { reason: string; planted: string | null }[]
  /** What the scenario said of itself. */
  reports: readonly ScenarioReport[]
  /** Names of files, in the order in which they were dropped. */
  dropped: readonly string[]
}

/**
 * Plays a scenario as it is played for people: the simulators against a real intake on a real Postgres, then both
 * paths over what the log holds. Only time is made: minutes pass as fast as the work between allows.
 * @throws when the paths differ by anything unexplained
 */
export async function runTrial(options: TrialOptions): Promise<Trial> {
  const { scenario, minutes, stores = 4, ordinaryMinutes = 0, expectedPerHour } = options
  const seeded = await openSeeded(stores)
  const { world, seed, database } = seeded
  const movePostgres = await installPostgresClock(database.sql, TRIAL_START)
  if (options.isHistoryPublished) await runBatch(database, TRIAL_START)
  if (expectedPerHour !== undefined) await writeHabits(database.sql, expectedPerHour, 0)
  const { seen, dropDir, endedAt } = await playSeeded(seeded, {
    minutes,
    movePostgres,
    scenarios:
      scenario === 'ordinary'
        ? []
        : [{ scenario, minutes: options.scenarioMinutes ?? null, after: ordinaryMinutes }],
  })
  await runStream(database.url)
  await runBatch(database, endedAt)
  await expectExplained(database, options.mayDiffer ?? [])
  const accepted = [...seen.accepted.values()]
  const dropped = await readDropped(dropDir, seen.dropped)
  const history = [...enrichedHistory(world, { days: HISTORY_DAYS, until: seed.until })]
  return {
    database,
    world,
    accepted,
    logged: [...history.map(({ event }) => event), ...enrichAll(world, [...accepted, ...dropped])],
    duplicates: seen.counts.duplicates,
    rejected: seen.rejected,
    reports: seen.reports,
    dropped: seen.dropped,
  }
}

export interface Playing {
  /** How long the simulators play. */
  minutes: number
  /** Null minutes: as long as it usually takes. `after` so many minutes it begins. */
  scenarios: readonly { scenario: ScenarioName; minutes: number | null; after: number }[]
  /** Of `installPostgresClock`. */
  movePostgres(now: Instant): Promise<void>
  /** What goes on beside the shops; time stands still meanwhile. @param minute from 1 on */
  everyMinute?(minute: number, now: Instant): Promise<void>
}

/** Plays scenarios on a seeded chain: the simulators against a real intake on a real Postgres, and loads what came by files. */
export async function playSeeded({ database, dataDir, seed }: Seeded, playing: Playing) {
  const { minutes, scenarios, movePostgres, everyMinute } = playing
  const clock = createTestClock(TRIAL_START, TRIAL_START + minutes * MINUTE_MS)
  const intake = await startTestIntake(database.url, { clock: clock.now })
  const dropDir = path.join(dataDir, 'drop')
  const seen = recorder()
  try {
    const post = createPostEvents({
      url: intake.url,
      intakeKey: undefined,
      // An intake that is asked is heard out, as when a line is good.
      stop: new AbortController().signal,
    })
    const besides = async () => {
      for (let minute = 1; everyMinute; minute += 1) {
        await clock.wait(MINUTE_MS)
        if (clock.stop.aborted) return
        await clock.during(() => everyMinute(minute, clock.now()))
      }
    }
    const requests = scenarios.map(({ after, ...wanted }, index) => ({
      at: TRIAL_START + after * MINUTE_MS,
      request: { run: index + 1, ...wanted },
    }))
    await Promise.all([
      playOn(clock, {
        ...{ dataDir, dropDir, seed, seen, requests },
        post: onPostgresTime(clock, movePostgres, seen.watch(post)),
      }),
      besides(),
    ])
  } finally {
    await intake.stop()
  }
  for (const folders of ['watched', 'reviews'] as const)
    await importDroppedFiles({ databaseUrl: database.url, dropDir, folders })
  return { seen, dropDir, endedAt: clock.now() }
}

async function playOn(
  clock: TestClock,
  setting: {
    dataDir: string
    dropDir: string
    seed: Seeded['seed']
    seen: ReturnType<typeof recorder>
    requests: readonly { at: Instant; request: ScenarioRequest }[]
    post: PostEvents
  },
): Promise<void> {
  const { dataDir, dropDir, seed, seen, post } = setting
  let waiting = setting.requests
  const { kept, keeper } = await openShopFiles(dataDir, seed)
  const journals = await openJournals({
    folder: path.join(dataDir, 'journals'),
    dropDir,
    stores: createWorld(seed).shops,
    startedAt: clock.now(),
  })
  await simulate({
    world: seed,
    takeInbox: () => null,
    takePrices: () => null,
    kept,
    keeper: {
      record: happenings => clock.during(() => keeper.record(happenings)),
      save: state => clock.during(() => keeper.save(state)),
    },
    journals: {
      write: entries => clock.during(() => journals.write(entries)),
      restore: entries => clock.during(() => journals.restore(entries)),
      step: now => clock.during(() => journals.step(now)),
    },
    dropReviews: file => clock.during(() => dropFile(dropDir, { mapping: 'reviews', ...file })),
    requests: {
      take: () => {
        const due = waiting.filter(({ at }) => at <= clock.now())
        waiting = waiting.filter(one => !due.includes(one))
        return due.map(({ request }) => request)
      },
      isStopping: () => false,
      report: (_, report) => seen.reports.push(report),
    },
    speed: () => TRIAL_SPEED,
    post,
    clock: clock.now,
    wait: clock.wait,
    stop: clock.stop,
    tell: {
      intakeAway: () => seen.problems.push('the intake was away'),
      intakeBack: () => {},
      rejected: ({ reason }, planted) => seen.rejected.push({ reason, planted }),
      refused: detail => seen.problems.push(detail),
      dropped: name => seen.dropped.push(name),
      unwritten: (what, error) => seen.problems.push(`${what}: ${error}`),
      summary: () => {},
    },
  })
  if (seen.problems.length > 0) throw new Error(seen.problems.join('\n'))
}

/** Every hour of every store's week alike. @param validFrom 0: since ever */
export async function writeHabits(sql: Sql, perHour: number, validFrom: Instant): Promise<void> {
  await sql`
    insert into ref.expected_orders (store, valid_from, orders)
    select store, ${new Date(validFrom)}, array_fill(${perHour}::double precision, array[${HOURS_OF_WEEK}::integer])
    from ref.stores`
}

/** Keeps what went over the line, from the answers alone. */
function recorder() {
  const accepted = new Map<string, SentEvent>()
  const counts = { duplicates: 0 }
  return {
    accepted,
    counts,
    rejected: [] as { reason: string; planted: string | null }[],
    reports: [] as ScenarioReport[],
    dropped: [] as string[],
    problems: [] as string[],
    watch(post: PostEvents): PostEvents {
      return async lines => {
        const answer = await post(lines)
        if (answer.kind !== 'answered') return answer
        counts.duplicates += answer.duplicates
        const refused = new Set(answer.rejected.map(({ index }) => index))
        for (const [index, line] of lines.entries()) {
          if (refused.has(index)) continue
          const parsed = parseEvent(JSON.parse(line))
          if ('event' in parsed) accepted.set(`${parsed.event.source}/${parsed.event.id}`, parsed.event)
        }
        return answer
      }
    },
  }
}

/** The log's clock goes with the simulators', and time stands still while a request is under way. */
function onPostgresTime(
  clock: TestClock,
  movePostgres: (now: Instant) => Promise<void>,
  post: PostEvents,
): PostEvents {
  let movedTo = 0
  let moving = Promise.resolve()
  return lines =>
    clock.during(async () => {
      const now = clock.now()
      if (now > movedTo) {
        movedTo = now
        moving = movePostgres(now)
      }
      await moving
      return post(lines)
    })
}

/** What stood in the files, wherever the system has put them since. */
async function readDropped(dropDir: string, names: readonly string[]): Promise<SentEvent[]> {
  const texts = await Promise.all(
    names.map(name => {
      const mapping = name.startsWith('reviews-') ? 'reviews' : 'journal'
      return readFile(path.join(dropDir, mapping, 'loaded', name), 'utf8')
    }),
  )
  return texts
    .flatMap(text => text.trim().split('\n'))
    .map(line => {
      const parsed = parseEvent(JSON.parse(line))
      if ('rejection' in parsed) throw new Error(parsed.rejection.detail)
      return parsed.event
    })
}

export async function runStream(url: string): Promise<void> {
  const sql = connect(url, { max: 1 })
  try {
    const count = await createPostgresLog(sql).partitionCount()
    await catchUp({
      url,
      partitions: Array.from({ length: count }, (_, partition) => partition),
      owner: 'trial',
      logger: silentLogger(),
    })
  } finally {
    await sql.end({ timeout: 1 })
  }
}

const LAST_DAY = '2026-11-21'
const RANGE = { from: addDays(LAST_DAY, -HISTORY_DAYS - 2), to: LAST_DAY }

export async function runBatch(
  { url }: Pick<TestDatabase, 'url'>,
  now: Instant,
  range: DayRange = RANGE,
): Promise<void> {
  const sql = connectForRuns(url)
  try {
    const { sets } = await runWanted(sql, {
      wanted: { kind: 'range', jobs: REPORTS.map(({ name }) => name), ...range },
      trigger: 'backfill',
      now: () => now,
    })
    const failed = sets.flatMap(set => set.failed)
    if (failed.length > 0) throw new Error(`runs failed: ${JSON.stringify(failed)}`)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function expectExplained({ sql }: TestDatabase, mayDiffer: readonly FindingKind[]): Promise<void> {
  const reconciled = await reconcile(sql, { ...RANGE, stores: [] })
  const findings = reconciled.findings.filter(({ kind }) => !mayDiffer.includes(kind))
  const result = { ...reconciled, findings }
  if (isClean(result) && result.differing.length === 0) return
  throw new Error(
    `the paths differ: ${result.unexplained} unexplained, ${JSON.stringify(findings.slice(0, 5))}, ${JSON.stringify(result.differing.slice(0, 3))}`,
  )
}

type OrderPlaced = Extract<SentEvent, { type: 'order.placed' }>

/** Orders that were accepted while it played. */
export function ordersIn({ accepted }: Pick<Trial, 'accepted'>): OrderPlaced[] {
  return accepted.filter(event => event.type === 'order.placed')
}

interface SeenEpisode {
  store: string
  sku: string
  rule: string
  openedAt: Instant
  resolvedAt: Instant | null
}

/** Alerts of the stream path. */
export async function readEpisodes({ database }: Pick<Trial, 'database'>): Promise<SeenEpisode[]> {
  return database.sql<SeenEpisode[]>`
    select store, sku, rule, opened_at as "openedAt", resolved_at as "resolvedAt" from stream.episodes`
}

type SeenAlert = Pick<Alert, 'kind' | 'rule' | 'store' | 'subject' | 'severity' | 'state' | 'openedAt'> & {
  evidence: Pick<Alert, 'summary' | 'figures' | 'receipts'>
}

/** What the rules of the stream path found. */
export async function readAlerts({ database }: Pick<Trial, 'database'>): Promise<SeenAlert[]> {
  return database.sql<SeenAlert[]>`
    select kind, rule, store, subject, severity, state, opened_at as "openedAt", evidence from stream.alerts order by opened_at, alert_id`
}

/** Dead letters by reason. */
export async function readDeadLetters({
  database,
}: Pick<Trial, 'database'>): Promise<Record<string, number>> {
  const rows = await database.sql<{ reason: string; count: number }[]>`
    select reason, count(*)::int as count from intake.dead_letters group by 1`
  return Object.fromEntries(rows.map(({ reason, count }) => [reason, count]))
}

/** Both paths hold what was counted, and nothing was rejected that was not meant to be. */
export async function expectCounted({ database, logged, rejected }: Trial): Promise<void> {
  const counted = countFigures(logged)
  const streamed = await streamFigures(database.sql)
  expect(streamed.sales).toEqual(counted.sales)
  expect(streamed.onHand).toEqual(counted.onHand)
  expect(await batchSales(database.sql)).toEqual(counted.sales)
  expect(rejected.filter(({ planted }) => planted === null)).toEqual([])
}
