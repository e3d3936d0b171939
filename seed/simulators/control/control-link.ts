import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import { readDemoSpeed, setDemoSpeed } from '#db/demo-speed.ts'
import type { OpenDatabase } from '#db/open.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { isScenarioName } from '#domain/scenario.ts'
import { pause, within } from '#platform/time.ts'
import type { Inbox } from '#seed/shop/buyers-orders.ts'
import type { ChangedPrice } from '#seed/shop/changed-prices.ts'
import type { ScenarioReport, ScenarioRequest } from '#seed/simulators/scenarios/scheduler.ts'
import { readInbox } from './inbox.ts'
import { readPrices } from './prices.ts'
import { beat, requestRun, settleAbandoned, writeReport } from './scenario-runs.ts'

interface Status {
  playing: string
  /** Events in senders' outboxes. */
  waiting: number
}

/** One set of simulators answers what is asked in a database: an advisory lock of its connection says which. */
const LOCK = [7_412, 1] as const

/** Its number before the database gives it one: it plays without. */
const OWN = 0

/**
 * Between the simulators and the database: brings what people ask for, takes back what became of it. While the
 * database is away the shops go on, and reports wait.
 * @param own what the command itself asked for
 * @param ownSpeed how fast the command wants the shops to trade; null: as the database says
 */
export function createControlLink(own: Omit<ScenarioRequest, 'run'> | null, ownSpeed: number | null = null) {
  const ownOver = Promise.withResolvers<ScenarioReport>()
  let ownRow: number | null = null
  const known = new Set<number>()
  const stopping = new Set<number>()
  const reports = new Map<number, ScenarioReport>()
  let arrived: ScenarioRequest[] = own ? [{ run: OWN, ...own }] : []
  let isSettled = false
  let speed = ownSpeed ?? 1
  let inbox: Inbox | null = null
  let prices: ChangedPrice[] | null = null
  let toldPrices = '[]'
  /** The last that was read of what people entered. */
  let entered = 0

  async function isOurs(sql: Sql): Promise<boolean> {
    const [row] = await sql<{ held: boolean }[]>`
      select exists (
        select from pg_locks where locktype = 'advisory' and classid = ${LOCK[0]} and objid = ${LOCK[1]}
          and pid = pg_backend_pid()
          and database = (select oid from pg_database where datname = current_database())
      ) or pg_try_advisory_lock(${LOCK[0]}, ${LOCK[1]}) as held`
    return row?.held === true
  }

  async function writeReports(sql: Sql): Promise<void> {
    for (const [run, report] of [...reports]) {
      await writeReport(sql, run === OWN && ownRow !== null ? ownRow : run, report)
      // A newer one may have come while this was written.
      if (reports.get(run) === report) reports.delete(run)
    }
  }

  function report(run: number, told: ScenarioReport): void {
    reports.set(run, told)
    if (run === OWN && (told.state === 'ended' || told.state === 'failed')) ownOver.resolve(told)
  }

  return {
    /** What became of the scenario that was asked for with the command itself, once it is over. */
    ownOver: ownOver.promise,
    /** How many times faster than the history the shops are to trade, as last heard. */
    speed: () => speed,
    /** What people ordered, as last read, and what they entered since the call before; null: nothing was read yet. */
    takeInbox(): Inbox | null {
      const taken = inbox
      if (inbox) inbox = { ...inbox, moves: [] }
      return taken
    },
    /** Prices that people changed, where they are others than at the call before; null: they are not, or nothing was read. */
    takePrices(): ChangedPrice[] | null {
      const taken = prices
      prices = null
      return taken
    },
    /**
     * One exchange with the database; to be called about every two seconds.
     * @param sql a client of one connection: a lock of its session says whose simulators answer
     * @throws the database's error
     */
    async exchange(sql: Sql, status: Status): Promise<void> {
      if (!(await isOurs(sql))) return
      if (!isSettled) {
        await settleAbandoned(sql)
        if (ownSpeed !== null) await setDemoSpeed(sql, { speed: ownSpeed, by: 'npm run simulate' })
      }
      isSettled = true
      speed = await readDemoSpeed(sql)
      if (own && ownRow === null) {
        ownRow = await requestRun(sql, own.scenario, own.minutes)
        known.add(ownRow)
      }
      const read = await readInbox(sql, entered)
      entered = read.moves.at(-1)?.message ?? entered
      inbox = { orders: read.orders, moves: [...(inbox?.moves ?? []), ...read.moves] }
      const asked = await readPrices(sql)
      const told = JSON.stringify(asked)
      if (told !== toldPrices) prices = asked
      toldPrices = told
      for (const { run, scenario, state, minutes } of await beat(sql, { ...status, speed })) {
        if (state === 'stopping') {
          stopping.add(run)
          if (!known.has(run)) report(run, { state: 'ended', detail: 'Stopped before it began.' })
        } else if (!known.has(run)) {
          known.add(run)
          if (isScenarioName(scenario)) arrived.push({ run, scenario, minutes })
          else report(run, { state: 'failed', detail: `There is no scenario "${scenario}".` })
        }
      }
      await writeReports(sql)
    },
    take(): ScenarioRequest[] {
      const taken = arrived
      arrived = []
      return taken
    },
    isStopping: (run: number) => stopping.has(run === OWN && ownRow !== null ? ownRow : run),
    report,
  }
}

const EXCHANGE_EVERY_MS = 2 * SECOND_MS
const OPEN_AGAIN_MS = 15 * SECOND_MS
/** The demo gives simulators a second to stop. */
const LAST_EXCHANGE_MS = 500

/**
 * Exchanges requests and reports with the database until `stop` fires. It may be away for as long as it likes:
 * the shops sell on.
 */
export function keepInTouch(options: {
  open(): Promise<OpenDatabase>
  link: ReturnType<typeof createControlLink>
  status: Status
  logger: Logger
  stop: AbortSignal
}): {
  /** One last exchange, after `stop`: what became of everything. */
  close(): Promise<void>
} {
  const { open, link, status, logger, stop } = options
  let database: OpenDatabase | undefined
  let sql: Sql | undefined

  async function exchangeUntilStopped(): Promise<void> {
    for (let isAway = false; !stop.aborted; ) {
      try {
        database ??= await open()
        sql ??= connect(database.url, { max: 1, applicationName: 'tillstream simulate' })
        await link.exchange(sql, status)
        if (isAway) logger.info('the database answers again: scenarios can be asked for')
        isAway = false
      } catch (err) {
        if (!isAway)
          logger.warn({ err }, 'the database does not answer: the shops sell on, without scenarios')
        isAway = true
      }
      await pause(sql ? EXCHANGE_EVERY_MS : OPEN_AGAIN_MS, stop)
    }
  }

  const exchanging = exchangeUntilStopped()
  return {
    async close() {
      const end = async () => {
        await exchanging
        if (sql) await link.exchange(sql, status)
      }
      await within(
        end().catch(() => {}),
        LAST_EXCHANGE_MS,
      )
      await sql?.end({ timeout: 0 })
      await database?.release()
    },
  }
}
