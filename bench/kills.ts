import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from '#db/client.ts'
import { acquireEmbeddedPostgres } from '#db/embedded/embedded-postgres.ts'
import { withConnection } from '#db/open.ts'
import { formatInstant, type Instant, SECOND_MS } from '#domain/instant.ts'
import { type ProcessName, processEntries } from '#platform/launch/processes.ts'
import { startProgram } from '#platform/process.ts'
import { type Figure, percentile } from './figures.ts'
import { createRequestBody } from './load/send-orders.ts'
import { createBenchWorld, writeBenchStores } from './load/world.ts'
import type { BenchOptions } from './options.ts'
import { type RunningDemo, startDemo } from './system/demo.ts'
import { descendants, processTable, readProcessFile } from './system/process-table.ts'

const benchmark = 'kills'
/** Requests a second at most: faster tills send more in each. */
const REQUESTS_PER_SECOND = 20
/** A process that has run as long has started well: its next end is something new. */
const BETWEEN_KILLS_MS = 7 * SECOND_MS
const GIVE_UP_MS = 60 * SECOND_MS
const LOOK_EVERY_MS = 20
const TARGET = { one: 5_000, all: 8_000, caughtUp: 5_000 }
/** What an event may wait for the stream on an ordinary day. */
const LAG_MS = SECOND_MS

const KILLED = ['web', 'intake', 'stream', 'jobs'] as const satisfies readonly ProcessName[]
type Killed = (typeof KILLED)[number]

/**
 * Kills every process of the demo in turn, and then all at once, while tills send: how long until each answers again, as
 * somebody outside sees it. Beside it stands a bare `node` that starts and ends in the same minute.
 */
export async function kills({ rounds, rate }: BenchOptions): Promise<Figure[]> {
  if (!existsSync('/proc/self/cmdline')) {
    process.stderr.write(
      'Which process is which is read from /proc, which only Linux has: nothing measured.\n',
    )
    return []
  }
  const demo = await startDemo(['--days', '7', '--no-simulate'])
  const database = await acquireEmbeddedPostgres(demo.dataDir)
  try {
    return await withConnection(database.url, { max: 4, applicationName: 'bench kills' }, sql =>
      measure({ demo, sql, rounds, rate }),
    )
  } finally {
    await database.release()
    await demo.stop()
  }
}

async function measure({
  demo,
  sql,
  rounds,
  rate,
}: {
  demo: RunningDemo
  sql: Sql
  rounds: number
  rate: number
}) {
  const world = createBenchWorld()
  await writeBenchStores(sql, world)
  const ending = new AbortController()
  const load = sendOn(demo.intakeUrl, world, { rate, stop: ending.signal })
  const bare: number[] = []
  const times = new Map<Killed, number[]>(KILLED.map(name => [name, []]))
  const caughtUp: number[] = []
  const all: number[] = []
  try {
    await sleep(BETWEEN_KILLS_MS)
    for (let round = 0; round < rounds; round += 1) {
      for (const name of KILLED) {
        bare.push(await bareStart())
        const began = performance.now()
        times.get(name)?.push(await killAndWait(demo, sql, [name]))
        if (name === 'stream') {
          await untilCaughtUp(sql)
          caughtUp.push(performance.now() - began)
        }
        await sleep(BETWEEN_KILLS_MS)
      }
      all.push(await killAndWait(demo, sql, KILLED))
      await sleep(BETWEEN_KILLS_MS)
    }
  } finally {
    ending.abort()
    await load
  }
  const beside = { name: 'a bare node, started and ended', value: median(bare) }
  const figure = (name: string, values: readonly number[], atMost: number): Figure[] => [
    { benchmark, name: `${name}, median of ${values.length}`, value: median(values), unit: 'ms', beside },
    { benchmark, name: `${name}, worst`, value: Math.max(...values), unit: 'ms', beside, target: { atMost } },
  ]
  return [
    ...KILLED.flatMap(name => figure(`${name} answers again`, times.get(name) ?? [], TARGET.one)),
    ...figure(`stream's lag is below ${LAG_MS / SECOND_MS} s again`, caughtUp, TARGET.caughtUp),
    ...figure('all four killed at once', all, TARGET.all),
  ]
}

function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** @returns milliseconds from the kill until the last of them answers */
async function killAndWait(demo: RunningDemo, sql: Sql, names: readonly Killed[]): Promise<number> {
  const pids = await pidsOf(demo, names)
  const [clock] = await sql<{ now: Instant }[]>`select clock_timestamp() as now`
  const began = performance.now()
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await Promise.all(names.map(name => untilAnswers(name, { demo, sql, since: clock?.now ?? 0 })))
  return performance.now() - began
}

/** A process that was killed a moment ago may still be listed: what is found is what runs. */
async function pidsOf(demo: RunningDemo, names: readonly Killed[]): Promise<number[]> {
  const running = descendants(processTable(), await demo.roots())
  return names.map(name => {
    const found = running.find(({ pid }) =>
      readProcessFile(pid, 'cmdline')
        ?.split('\0')
        .some(word => word.endsWith(processEntries[name])),
    )
    if (!found) throw new Error(`the demo runs no ${name}`)
    return found.pid
  })
}

async function untilAnswers(
  name: Killed,
  { demo, sql, since }: { demo: RunningDemo; sql: Sql; since: Instant },
): Promise<void> {
  const answers: Record<Killed, () => Promise<boolean>> = {
    web: () => isOk(`${demo.url}/live`),
    intake: () => isOk(`${demo.intakeUrl}/readyz`),
    // Every partition gets events all the time: it has written a batch in each since.
    stream: async () => {
      const [row] = await sql<{ behind: number }[]>`
        select count(*) as behind from log.partitions p
        where not exists (
          select from stream.checkpoints c
          where c.generation = (select generation from stream.active_generation) and c.partition = p.partition
            and c.processed_at > ${since}::timestamptz)`
      return row?.behind === 0
    },
    // Its tick has begun, and is planned from there on.
    jobs: async () => {
      const [row] = await sql<{ hasBegun: boolean }[]>`
        select tick_began_at > ${since}::timestamptz as "hasBegun" from batch.heartbeat`
      return row?.hasBegun === true
    },
  }
  const end = performance.now() + GIVE_UP_MS
  while (!(await answers[name]())) {
    if (performance.now() > end) throw new Error(`${name} does not answer within ${GIVE_UP_MS / SECOND_MS} s`)
    await sleep(LOOK_EVERY_MS)
  }
}

/** Until no event of the log has waited for the stream for longer than it does on an ordinary day. */
async function untilCaughtUp(sql: Sql): Promise<void> {
  const end = performance.now() + GIVE_UP_MS
  for (;;) {
    const [row] = await sql<{ behind: number }[]>`
      select count(*) as behind from stream.checkpoints c
      where c.generation = (select generation from stream.active_generation) and exists (
        select from log.event_log e
        where e.partition = c.partition and e."offset" > c."offset"
          and e.appended_at between clock_timestamp() - interval '10 minutes'
            and clock_timestamp() - make_interval(secs => ${LAG_MS / SECOND_MS}))`
    if (row?.behind === 0) return
    if (performance.now() > end) throw new Error(`the stream lags for more than ${GIVE_UP_MS / SECOND_MS} s`)
    await sleep(LOOK_EVERY_MS)
  }
}

async function isOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5 * SECOND_MS) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** Tills that send the same again until it is taken, as tills do. */
async function sendOn(
  intakeUrl: string,
  world: ReturnType<typeof createBenchWorld>,
  { rate, stop }: { rate: number; stop: AbortSignal },
): Promise<void> {
  const orders = Math.max(1, Math.round(rate / REQUESTS_PER_SECOND))
  const bodies = world.stores.map((store, seed) => createRequestBody(world, { store, orders, seed }))
  const everyMs = (orders / rate) * SECOND_MS
  let number = 0
  for (let due = performance.now(); !stop.aborted; due += everyMs) {
    const body = bodies[(number / orders) % bodies.length]
    if (!body) return
    body.stamp(number, formatInstant(Date.now()))
    number += body.orders
    while (!stop.aborted && !(await isTaken(`${intakeUrl}/api/v1/events`, body.bytes)))
      await sleep(LOOK_EVERY_MS)
    await sleep(Math.max(0, due + everyMs - performance.now()))
  }
}

async function isTaken(url: string, body: Buffer): Promise<boolean> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(5 * SECOND_MS),
    })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

async function bareStart(): Promise<number> {
  const began = performance.now()
  await startProgram({ entry: 'platform/follow-parent.mjs', isTool: true }).ended
  return performance.now() - began
}
