import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { addDays } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import type { Instant } from '#domain/instant.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import type { Stack, StackPlace } from '#e2e/stack/stack.ts'
import { addModelRates } from '#jobs/testing/model.ts'
import { pause } from '#platform/time.ts'
import {
  checkBatch,
  checkDeadLetters,
  checkFrames,
  checkLog,
  checkReconciliation,
  checkStream,
  type Differences,
} from './check.ts'
import type { Coverage } from './coverage.ts'
import { type Listener, listen, offsetsOf } from './listen.ts'
import { changedBody, makeEvent } from './make-event.ts'
import type { Fault, Path, Plan, Step } from './plan.ts'
import { type PlantName, plant } from './plant.ts'
import { garbageOf, insist, PATIENCE_MS, requestOf } from './post.ts'
import { dayOf, Sent, type Taken, type Verdict } from './sent.ts'

/** A plan that did not go as the model says. */
export class ProofFailed extends Error {
  override readonly name = 'ProofFailed'
  readonly differences: Differences
  constructor(plan: Plan, step: number, differences: Differences) {
    super(`${plan.name}, step ${step}: ${differences.slice(0, 12).join('\n  ')}`)
    this.differences = differences
  }
}

/**
 * Plays a plan on an installation of its own, and holds all that can be seen against the model at its quiet points.
 * @throws ProofFailed where something differs, a process does not come back or a command fails
 */
export async function playPlan(
  plan: Plan,
  place: StackPlace,
  { coverage, plant: planted }: { coverage?: Coverage; plant?: PlantName | undefined } = {},
): Promise<void> {
  const stack = await place.begin({ stores: EXAMPLE_STORES })
  await addModelRates(stack.sql)
  if (planted !== undefined) await plant(stack.sql, planted)
  const player = new Player(stack, coverage)
  try {
    for (const [index, step] of plan.steps.entries()) {
      const differences = await player.play(step).catch(failureIn)
      if (differences.length > 0) throw new ProofFailed(plan, index, differences)
    }
  } finally {
    player.close()
  }
}

function failureIn(error: unknown): Differences {
  return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
}

class Player {
  readonly #stack: Stack
  readonly #coverage: Coverage | undefined
  readonly #sent = new Sent()
  readonly #listeners: Listener[]
  /** Strikes while the next step is under way. */
  #struck: { fault: Fault; afterMs: number } | null = null
  /** The first event that stands in the log for certain. */
  #first: Taken | undefined
  #files = 0
  #changes = 0

  constructor(stack: Stack, coverage: Coverage | undefined) {
    this.#stack = stack
    this.#coverage = coverage
    this.#listeners = [listen(stack.url)]
  }

  close(): void {
    for (const listener of this.#listeners) listener.close()
  }

  async play(step: Step): Promise<Differences> {
    switch (step.do) {
      case 'fault':
        await this.#strikeAlone()
        this.#first ??= this.#sent.taken.values().next().value
        this.#struck = step
        return []
      case 'quiet':
        await this.#strikeAlone()
        return this.#quiet()
      case 'policy': {
        const { store, sku, reorderPoint, orderUpTo } = step
        // Past the clocks of all tills: what was sent before is judged by the rule before, whenever it is read.
        const validFrom = Date.now() + 2 * 60_000
        await this.#stack.sql`
          insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to)
          values (${store}, ${sku}, ${new Date(validFrom)}, ${reorderPoint}, ${orderUpTo})`
        this.#sent.policies.push({ store, sku, validFrom, reorderPoint, orderUpTo })
        return []
      }
      case 'garbage':
        return this.#under(() => this.#sendGarbage(step.draw))
      case 'send': {
        const now = Date.now()
        const made = step.events.map(planned => ({
          planned,
          event: makeEvent(planned, now, {
            dayOf,
            totalsOf: (store, register, day) => this.#sent.tillTotals(store, register, day),
          }),
        }))
        for (const { planned } of made)
          this.#coverage?.add({
            type: planned.type,
            lateness: planned.lateness,
            repeat: planned.repeat,
            path: step.path,
            store: planned.store,
            fault: this.#struck?.fault ?? 'nothing beside',
          })
        const events = made.flatMap(({ planned, event }) =>
          planned.repeat === 'twice in one request' ? [event, event] : [event],
        )
        return this.#under(() => this.#send(step.path, events))
      }
      case 'repeat': {
        const events = step.ids.flatMap(id => this.#sent.find(id) ?? [])
        if (events.length === 0) return []
        return this.#under(() => this.#send(step.path, step.other ? events.map(changedBody) : events))
      }
    }
  }

  /** Does the work while the fault that was announced strikes; both are over afterwards. */
  async #under(work: () => Promise<Differences>): Promise<Differences> {
    const struck = this.#struck
    this.#struck = null
    if (!struck) return work()
    const [differences] = await Promise.all([
      work(),
      pause(struck.afterMs).then(() => this.#strike(struck.fault)),
    ])
    return differences
  }

  async #strikeAlone(): Promise<void> {
    const struck = this.#struck
    this.#struck = null
    if (struck) await this.#strike(struck.fault)
  }

  async #strike(fault: Fault): Promise<void> {
    const stack = this.#stack
    const restart = async (name: 'intake' | 'stream' | 'web') => {
      await stack.stop(name, 'by kill')
      await stack.start(name)
    }
    const freeze = async (name: 'intake' | 'stream' | 'web') => {
      stack.freeze(name)
      await pause(FROZEN_MS)
      stack.thaw(name)
    }
    switch (fault) {
      case 'kill intake':
        return restart('intake')
      case 'kill stream':
        return restart('stream')
      case 'kill dashboard':
        return restart('web')
      case 'kill all':
        await Promise.all([restart('intake'), restart('stream'), restart('web')])
        return
      case 'kill jobs':
        return stack.killDuring('jobs/schedule/main.ts', [], KILLED_AFTER_MS)
      case 'freeze intake':
        return freeze('intake')
      case 'freeze stream':
        return freeze('stream')
      case 'freeze dashboard':
        return freeze('web')
      case 'restart postgres':
        return stack.restartPostgres()
      case 'replay':
        return stack.run('server/stream/replay/main.ts', [])
      case 'backfill':
        return stack.run('jobs/main.ts', ['backfill', 'all', ...this.#range()])
      case 'client reconnects':
        for (const listener of this.#listeners) listener.reconnect()
        return
      case 'clients leave':
        for (const listener of this.#listeners) listener.reload()
        return
      case 'stores will change':
        return this.#announceChange()
      case 'moving past days is refused':
        return this.#tryToMove()
    }
  }

  /** From days on that no event of a plan reaches: nothing moves, whatever is appended in the same moment. */
  async #announceChange(): Promise<void> {
    this.#changes += 1
    const validFrom = addDays(new Date().toISOString().slice(0, 10), 3 + this.#changes)
    const { code, output } = await this.#changeStores(
      EXAMPLE_STORES.map(({ id, name, zone, currency }) => ({
        id,
        name,
        zone,
        currency,
        validFrom,
        cutOverHour: 1 + (this.#changes % 5),
      })),
    )
    if (code !== 0) throw new Error(`stores cannot be changed from ${validFrom} on: ${output}`)
  }

  /** A cut-over that would put an event of the log on another business day. */
  async #tryToMove(): Promise<void> {
    if (!this.#first) return
    const { event } = this.#first
    const store = EXAMPLE_STORES.find(({ id }) => id === event.store)
    if (!store) return
    const at = Date.parse(event.eventTime)
    const validFrom = dayOf(at, store.id)
    const hour = hourOf(at, store.zone)
    const cutOverHour = hour < store.cutOverHour ? hour : hour + 1
    if (cutOverHour > 23) return
    const { id, name, zone, currency } = store
    const { code, output } = await this.#changeStores([{ id, name, zone, currency, validFrom, cutOverHour }])
    if (code === 0 || !output.includes('business day'))
      throw new Error(`a cut-over at ${cutOverHour} from ${validFrom} on, which moves ${event.id}: ${output}`)
  }

  async #changeStores(definitions: readonly object[]) {
    const file = path.join(this.#stack.dataDir, 'stores.json')
    await writeFile(file, JSON.stringify(definitions))
    return this.#stack.attempt('server/intake/stores/main.ts', ['add', file])
  }

  /** Business days of everything sent. */
  #range(): string[] {
    const days = [...this.#sent.taken.values()].map(({ event }) =>
      dayOf(Date.parse(event.eventTime), event.store),
    )
    const today = new Date().toISOString().slice(0, 10)
    const sorted = [...days, today].sort()
    return ['--from', addDays(sorted[0] ?? today, -1), '--to', addDays(sorted.at(-1) ?? today, 1)]
  }

  async #send(way: Path, events: readonly SentEvent[]): Promise<Differences> {
    if (way === 'dropped file' || way === 'import') return this.#sendFile(way, events)
    const requests = way === 'one by one' ? events.map(event => [event]) : [events]
    const differences: Differences = []
    for (const request of requests) differences.push(...(await this.#post(way, request)))
    return differences
  }

  async #post(way: Path, events: readonly SentEvent[]): Promise<Differences> {
    const verdicts = events.map(event => this.#sent.take(event, 'live', Date.now()))
    const [url, init] = requestOf(way, events, this.#stack)
    const { status, answer, retries } = await insist(url, init)
    const count = (wanted: Verdict) => verdicts.filter(verdict => verdict === wanted).length
    const refused = verdicts.flatMap((verdict, index) =>
      verdict === 'accepted' || verdict === 'duplicate' ? [] : [`${index} ${verdict}`],
    )
    const said = answer as {
      accepted: number
      duplicates: number
      rejected: { index: number; reason: string }[]
    }
    const differences: Differences = []
    const expected = count('accepted') + count('duplicate') > 0 ? 200 : 422
    if (status !== expected) {
      return [`the intake answered ${status} instead of ${expected}: ${JSON.stringify(answer)}`]
    }
    const told = said.rejected.map(({ index, reason }) => `${index} ${reason}`)
    if (told.sort().join() !== refused.sort().join())
      differences.push(`rejected: the intake says ${told.join()}; the model ${refused.join()}`)
    // What an answer that was lost had stored is recognised.
    const moved = retries > 0 ? said.duplicates - count('duplicate') : 0
    if (
      moved < 0 ||
      said.accepted + moved !== count('accepted') ||
      said.duplicates - moved !== count('duplicate')
    )
      differences.push(
        `the intake took ${said.accepted} and knew ${said.duplicates} (after ${retries} tries more); the model ${count('accepted')} and ${count('duplicate')}`,
      )
    return differences
  }

  async #sendFile(way: 'dropped file' | 'import', events: readonly SentEvent[]): Promise<Differences> {
    this.#files += 1
    const name = `day-${this.#files}.ndjson`
    const content = `${events.map(event => JSON.stringify(event)).join('\n')}\n`
    const verdicts = events.map(event => this.#sent.take(event, 'bulk', Date.now()))
    const isWhole = verdicts.every(verdict => verdict === 'accepted' || verdict === 'duplicate')
    if (way === 'import') {
      const folder = path.join(this.#stack.dataDir, 'files')
      await mkdir(folder, { recursive: true })
      await writeFile(path.join(folder, name), content)
      const args = [path.join(folder, name), '--mapping', 'journal']
      // The database may be away for a moment: a command says so and ends, and people call it again.
      for (let tries = 1; ; tries += 1) {
        const { code, output } = await this.#stack.attempt('server/intake/files/main.ts', args)
        if (code === (isWhole ? 0 : 2)) return []
        if (tries === 5) return [`the import of ${name} ended with ${code}: ${output}`]
        await pause(500)
      }
    }
    await this.#stack.drop('journal', name, content)
    const folder = path.join(this.#stack.dataDir, 'drop', 'journal')
    return (await within(async () => (await readdir(folder)).every(entry => entry !== name)))
      ? []
      : [`the dropped file ${name} is not taken`]
  }

  async #sendGarbage(draw: number): Promise<Differences> {
    const { body, type, status } = garbageOf(draw)
    const { status: said, answer } = await insist(`${this.#stack.intakeUrl}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    return said === status
      ? []
      : [`${JSON.stringify(body)} got ${said} instead of ${status}: ${JSON.stringify(answer)}`]
  }

  /** Waits until everything is read, runs what is run by hand, and looks. */
  async #quiet(): Promise<Differences> {
    const { sql } = this.#stack
    let stands = ''
    const isRead = await within(async () => {
      await this.#stack.revive()
      const ends = await sql<{ partition: number; end: number; lastSale: number; through: number }[]>`
        select p.partition, l."offset" as end, coalesce(c."offset", 0) as through, coalesce((
            select max(e."offset") from log.event_log e where e.partition = p.partition and e.type like 'order.%'
          ), 0) as "lastSale"
        from log.partitions p
        cross join lateral log.last_position(p.partition) l
        left join stream.checkpoints c on c.partition = p.partition
          and c.generation = (select generation from stream.active_generation)
        order by p.partition`
      stands = JSON.stringify({ ends, listeners: this.#listeners.map(listener => listener.stand()) })
      if (ends.some(({ end, through }) => through < end)) return false
      return this.#listeners.every(listener => {
        const last = listener.frames.at(-1)
        if (!last) return false
        const offsets = offsetsOf(last.said.cursor)
        // What tells no news (a tick, a review, goods for a full shelf) leaves a client where it stands; a sale never does.
        return ends.every(({ partition, lastSale }) => (offsets[partition] ?? 0) >= lastSale)
      })
    })
    if (!isRead)
      return [`the stream, or the dashboard behind it, does not reach the end of the log: ${stands}`]
    const computed = await this.#stack.attempt('jobs/main.ts', ['backfill', 'all', ...this.#range()])
    if (computed.code !== 0) return [`the reports are not computed: ${computed.output}`]
    const { told, differences } = await checkLog(sql, this.#sent)
    differences.push(...(await checkDeadLetters(sql, this.#sent)))
    if (differences.length > 0) return differences
    for (const listener of this.#listeners) {
      differences.push(...checkFrames(listener.frames, told))
      listener.forget()
    }
    differences.push(...(await checkStream(sql, told)), ...(await checkBatch(sql, told)))
    if (differences.length > 0) return differences
    const reconciled = await this.#stack.attempt('server/serving/reconcile/main.ts', [
      ...this.#range(),
      '--json',
    ])
    return checkReconciliation(reconciled, told)
  }
}

function hourOf(at: Instant, zone: string): number {
  return Number(
    new Intl.DateTimeFormat('en', { timeZone: zone, hourCycle: 'h23', hour: 'numeric' }).format(at),
  )
}

/** Long enough for buffers to fill, short of what takes a partition away. */
const FROZEN_MS = 700
const KILLED_AFTER_MS = 900

async function within(isSo: () => Promise<boolean>): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS
  for (;;) {
    const holds = await isSo().catch(() => false)
    if (holds) return true
    if (performance.now() > until) return false
    await pause(40)
  }
}
