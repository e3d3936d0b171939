import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { advance } from './chain.ts'
import { readLane } from './changes.ts'
import { decodeCursor, type Place } from './cursor.ts'
import { HeldSteps } from './held-steps.ts'
import { gapBeforeRead, judgeReception, RESET_GAP_MS } from './pace.ts'
import { readMissed } from './resume.ts'
import { type LiveClient, type Member, newMember, nextUpdate, type Telling } from './session.ts'
import { type LaneEnd, lowest, readLaneEnd, readLiveSnapshot, type SnapshotRead } from './snapshot.ts'
import type { Subscription } from './subscription.ts'

export interface Gateway {
  /** Tells a client everything from now on (or from its cursor). @returns stops telling it */
  join(client: LiveClient): () => void
  /** Something was committed: look before the next poll. */
  hint(): void
  stats(): { clients: number; updates: number; snapshots: number; slowDisconnects: number }
  stop(): Promise<void>
}

export interface GatewayOptions {
  sql: Sql
  clock: () => Instant
  /** Told of failures that the gateway recovers from. */
  onError: (error: unknown, doing: string) => void
}

/**
 * Tails the lanes of changes and tells every client what concerns it. Each client has its own place: one
 * that reads slowly, or comes back, is told from there and holds up nobody. Nothing is read while nobody
 * listens.
 */
export function startGateway({ sql, clock, onError }: GatewayOptions): Gateway {
  const members = new Set<Member>()
  const stats = { updates: 0, snapshots: 0, slowDisconnects: 0 }
  const snapshotsUnderWay = new Map<string, Promise<SnapshotRead>>()
  const steps = new HeldSteps()
  let head: LaneEnd | null = null
  let headUnderWay: Promise<LaneEnd> | null = null
  let hinted = false
  let stopped = false
  let lastReadAt = 0
  let lastResetAt = 0
  let failures = 0
  let wake: () => void = () => {}

  async function run(): Promise<void> {
    while (!stopped) {
      if (members.size === 0) {
        head = null
        await sleep(null)
        continue
      }
      const catchingUp = [...members].some(member => member.catchUp.length > 0)
      const wait = lastReadAt + gapBeforeRead({ hinted, catchingUp, failures }) - clock()
      if (wait > 0) {
        // A hint ends the sleep, and the gap is reckoned anew.
        await sleep(wait)
        continue
      }
      hinted = false
      lastReadAt = clock()
      try {
        await readOn()
        failures = 0
      } catch (error) {
        failures += 1
        onError(error, 'reading the lanes of changes')
      }
      tellAll(clock())
    }
  }

  function sleep(ms: number | null): Promise<void> {
    return new Promise(resolve => {
      const timer = ms === null ? undefined : setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function readOn(): Promise<void> {
    const { place, watermarks } = head ?? (await establishHead())
    // No snapshot: a row that is met early or late is met once, and a switch of tables at the next read.
    const read = await readLane(sql, place)
    const to = read.generation === place.generation ? advance(place, read) : null
    if (to === null) return startOver()
    if (read.rows.length === 0 && read.ops.length === 0) return
    for (const row of read.rows) watermarks[row.partition] = row.watermark
    head = { place: to, watermarks }
    steps.push({ from: place, to, rows: read.rows, ops: read.ops })
  }

  /** Where telling begins. Known before any snapshot is read, so that no snapshot is older than the steps. */
  function establishHead(): Promise<LaneEnd> {
    headUnderWay ??= readLaneEnd(sql)
      .then(end => {
        head = end
        steps.clear()
        return end
      })
      .finally(() => {
        headUnderWay = null
      })
    return headUnderWay
  }

  /** The tables were switched, or a batch changed more than could be listed: everybody begins anew. */
  async function startOver(): Promise<void> {
    if (clock() - lastResetAt < RESET_GAP_MS) return
    lastResetAt = clock()
    await establishHead()
    for (const member of members) begin(member, null)
  }

  function begin(member: Member, since: Place | null): void {
    member.place = null
    member.catchUp = []
    member.beginnings += 1
    const { beginnings } = member
    const isCurrent = () => member.beginnings === beginnings
    welcome(member, since, isCurrent).catch((error: unknown) => {
      onError(error, 'telling a client where things stand')
      if (isCurrent()) member.client.disconnect('unavailable')
    })
  }

  async function welcome(member: Member, since: Place | null, isCurrent: () => boolean): Promise<void> {
    if (head === null) await establishHead()
    const nextStep = steps.first
    const missed = since && (await readMissed(sql, since))
    if (missed) {
      if (isCurrent()) Object.assign(member, { place: since, catchUp: missed, nextStep })
      wake()
      return
    }
    const { snapshot, place } = await shareSnapshot(member.client.subscription)
    if (!isCurrent()) return
    Object.assign(member, { place, nextStep, toldWatermark: snapshot.watermark, toldAt: clock() })
    stats.snapshots += 1
    member.client.snapshot(snapshot)
  }

  /** Many clients that come at once, after a restart say, are answered from one read. */
  function shareSnapshot(subscription: Subscription): Promise<SnapshotRead> {
    const underWay = snapshotsUnderWay.get(subscription.key)
    if (underWay) return underWay
    const read = readLiveSnapshot(sql, subscription).finally(() => snapshotsUnderWay.delete(subscription.key))
    snapshotsUnderWay.set(subscription.key, read)
    return read
  }

  function tellAll(now: Instant): void {
    if (head === null) return
    const { place, watermarks } = head
    const telling: Telling = { now, head: place, watermark: lowest(watermarks), steps, built: new Map() }
    for (const member of members) tell(member, telling)
  }

  function tell(member: Member, telling: Telling): void {
    if (member.place === null) return
    const { client, slowSince } = member
    const reception = judgeReception({ congested: client.congested(), slowSince }, telling.now)
    if (reception.kind === 'hold') {
      member.slowSince = reception.slowSince
      return
    }
    if (reception.kind === 'disconnect') {
      stats.slowDisconnects += 1
      client.disconnect('slow')
      return
    }
    member.slowSince = null
    const update = nextUpdate(member, telling)
    if (update === 'lost') begin(member, null)
    else if (update !== null) {
      stats.updates += 1
      client.update(update)
    }
  }

  const running = run()
  return {
    join(client) {
      const member = newMember(client)
      members.add(member)
      begin(member, client.since === null ? null : decodeCursor(client.since, client.subscription.key))
      wake()
      return () => {
        member.beginnings = -1
        members.delete(member)
      }
    },
    hint() {
      hinted = true
      wake()
    },
    stats: () => ({ clients: members.size, ...stats }),
    async stop() {
      stopped = true
      wake()
      await running
    },
  }
}
