import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { listenForNotifications } from '#platform/notify.ts'
import { backoffMs } from '#platform/time.ts'
import { type LiveStand, readLiveStand } from '#server/serving/live-board/stand.ts'
import { type Change, ChangeBuffer, isBatch, readChanges, readLaneEnd } from './changes.ts'
import { type Cursor, decodeCursor, type Subscription } from './cursor.ts'
import type { LiveSnapshot } from './messages.ts'
import { type LiveClient, Session } from './session.ts'
import { readLiveSnapshot } from './snapshot.ts'

export interface GatewayOptions {
  sql: Sql
  clock: () => Instant
  /** Told of failures that the gateway recovers from. */
  onError: (error: unknown, doing: string) => void
  /** Told how long after its append a sale was sent to whoever listens, and of how many sales that holds. */
  onPushed?: (ms: number, sales: number) => void
}

export interface GatewayStats {
  clients: number
  /** Of them those that have not taken yet what was sent before: their updates are coalesced. */
  slowClients: number
  /** Changes in memory, for whoever is behind or comes back. */
  changesHeld: number
  updates: number
  snapshots: number
  slowDisconnects: number
}

const HINT_CHANNELS = ['stream_advanced', 'ops_changed']
/** At most 20 updates a second. */
const MIN_GAP_MS = 50
/** Without a hint the lanes are read this often. */
const POLL_MS = 250
const MAX_BACKOFF_MS = 5_000
/** How far the figures are known is told this often, to everybody: what is shown as live must be proven to be. */
const STAND_GAP_MS = 1_000
/** Snapshots that a gap forces on everybody come at most this often. */
const RESTART_GAP_MS = 2_000

/**
 * How long after the last read the lanes are read again: as soon as updates may follow each other where a
 * hint came or somebody catches up, else at the next poll; later and later while reading fails.
 */
export function gapBeforeRead(state: { hinted: boolean; catchingUp: boolean; failures: number }): number {
  // There is one of us: nobody to be jittered apart from.
  if (state.failures > 0)
    return backoffMs(state.failures, { firstMs: 2 * POLL_MS, longestMs: MAX_BACKOFF_MS }, 1)
  return state.hinted || state.catchingUp ? MIN_GAP_MS : POLL_MS
}

/** Reads the lanes of changes, and tells every client what concerns it. Nothing is read while nobody listens. */
export class Gateway {
  readonly #sql: Sql
  readonly #clock: () => Instant
  readonly #onError: GatewayOptions['onError']
  readonly #onPushed: NonNullable<GatewayOptions['onPushed']>
  /** Each session with the number of its latest beginning: an answer to an earlier one is stale. */
  readonly #sessions = new Map<Session, number>()
  readonly #snapshots = new Map<string, Promise<{ snapshot: LiveSnapshot; cursor: Cursor }>>()
  readonly #counts = { updates: 0, snapshots: 0, slowDisconnects: 0 }
  readonly #running: Promise<void>
  #beginnings = 0
  /** Null while nobody listens, and until it is known where the lanes end. */
  #buffer: ChangeBuffer | null = null
  #opening: Promise<ChangeBuffer> | null = null
  #hinted = false
  #stopped = false
  #failures = 0
  #lastReadAt = 0
  #lastRestartAt = 0
  #lastStandAt = 0
  #wake: () => void = () => {}
  #stopHints: () => Promise<void> = async () => {}

  constructor({ sql, clock, onError, onPushed = () => {} }: GatewayOptions) {
    this.#sql = sql
    this.#clock = clock
    this.#onError = onError
    this.#onPushed = onPushed
    this.#running = this.#run()
  }

  /** Tells a client everything from now on (or from its cursor). @returns stops telling it */
  join(client: LiveClient): () => void {
    const session = new Session(client)
    this.#begin(session, client.since === null ? null : decodeCursor(client.since, client.subscription.key))
    this.#wake()
    return () => {
      this.#sessions.delete(session)
      if (this.#sessions.size === 0) this.#buffer = null
    }
  }

  /** Looks at once when somebody says that something was committed; what was said while nobody heard it is polled. */
  listenForHints(): void {
    this.#stopHints = listenForNotifications(this.#sql, {
      channels: HINT_CHANNELS,
      onNotify: () => this.hint(),
      onFailure: error => this.#onError(error, 'listening for hints'),
    })
  }

  /** Something was committed: look before the next poll. */
  hint(): void {
    this.#hinted = true
    this.#wake()
  }

  stats(): GatewayStats {
    let slowClients = 0
    for (const session of this.#sessions.keys()) if (session.isSlow) slowClients += 1
    return {
      clients: this.#sessions.size,
      slowClients,
      changesHeld: this.#buffer?.size ?? 0,
      ...this.#counts,
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    await Promise.all([this.#running, this.#stopHints()])
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      if (this.#sessions.size === 0) {
        await this.#sleep(null)
        continue
      }
      const catchingUp = [...this.#sessions.keys()].some(session => session.isCatchingUp)
      const gap = gapBeforeRead({ hinted: this.#hinted, catchingUp, failures: this.#failures })
      const wait = this.#lastReadAt + gap - this.#clock()
      if (wait > 0) {
        // A hint ends the sleep, and the gap is reckoned anew.
        await this.#sleep(wait)
        continue
      }
      this.#hinted = false
      this.#lastReadAt = this.#clock()
      let stand: LiveStand | null = null
      let read: readonly Change[] = []
      try {
        // Before the changes are read: all that it says to be known is then told before it.
        stand = await this.#readStand()
        // Whoever listened may be gone by now: nothing is read for nobody.
        if (this.#sessions.size > 0) read = await this.#readOn()
        this.#failures = 0
      } catch (error) {
        stand = null
        this.#failures += 1
        this.#onError(error, 'reading the lanes of changes')
      }
      this.#updateAll()
      this.#measure(read)
      if (stand !== null) this.#tellStand(stand)
    }
  }

  async #readStand(): Promise<LiveStand | null> {
    if (this.#clock() - this.#lastStandAt < STAND_GAP_MS) return null
    this.#lastStandAt = this.#clock()
    return readLiveStand(this.#sql)
  }

  #tellStand(stand: LiveStand): void {
    for (const session of this.#sessions.keys()) {
      if (session.isToldAll) session.client.stand(stand)
    }
  }

  #sleep(ms: number | null): Promise<void> {
    return new Promise(resolve => {
      const timer = ms === null ? undefined : setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** By the newest sale of each batch: those before it came up to a batch's time earlier. */
  #measure(read: readonly Change[]): void {
    for (const change of read) {
      if (!isBatch(change)) continue
      let sales = 0
      for (const { count } of change.sales.values()) sales += count
      if (sales > 0) this.#onPushed(this.#clock() - change.throughAppendedAt, sales)
    }
  }

  /** @returns what it has read that clients can be told of */
  async #readOn(): Promise<readonly Change[]> {
    const buffer = await this.#open()
    // No snapshot: a row that is met early or late is met once, and a switch of tables at the next read.
    const { generation, changes } = await readChanges(this.#sql, buffer.end)
    if (generation === buffer.end.generation && buffer.append(changes)) return changes
    // The tables were switched, or a batch changed more than could be listed: everybody begins anew.
    if (this.#clock() - this.#lastRestartAt < RESTART_GAP_MS) return []
    this.#lastRestartAt = this.#clock()
    buffer.restart(await readSnapshot(this.#sql, readLaneEnd))
    this.#snapshots.clear()
    for (const session of this.#sessions.keys()) this.#begin(session, null)
    return []
  }

  /** The buffer begins before any snapshot is asked for, so that no snapshot is older than it. */
  async #open(): Promise<ChangeBuffer> {
    if (this.#buffer !== null) return this.#buffer
    this.#opening ??= readSnapshot(this.#sql, readLaneEnd)
      .then(end => {
        const buffer = new ChangeBuffer(end)
        this.#snapshots.clear()
        // Whoever asked may be gone by now: nobody would read on in it, and the next to come would begin in the past.
        if (this.#sessions.size > 0) this.#buffer = buffer
        return buffer
      })
      .finally(() => {
        this.#opening = null
      })
    return this.#opening
  }

  #begin(session: Session, since: Cursor | null): void {
    this.#beginnings += 1
    const beginning = this.#beginnings
    this.#sessions.set(session, beginning)
    session.wait()
    const isCurrent = () => this.#sessions.get(session) === beginning
    this.#tellWhereThingsStand(session, since, isCurrent).catch((error: unknown) => {
      this.#onError(error, 'telling a client where things stand')
      if (isCurrent()) session.client.disconnect('unavailable')
    })
  }

  async #tellWhereThingsStand(
    session: Session,
    since: Cursor | null,
    isCurrent: () => boolean,
  ): Promise<void> {
    const buffer = await this.#open()
    if (since !== null && (await buffer.reachesBackTo(since, this.#sql))) {
      if (isCurrent()) session.resume(since, buffer)
      this.#wake()
      return
    }
    const next = buffer.first
    const { snapshot, cursor } = await this.#shareSnapshot(session.client.subscription)
    if (!isCurrent()) return
    session.begin({ cursor, next, watermark: snapshot.watermark, now: this.#clock() })
    this.#counts.snapshots += 1
    session.client.snapshot(snapshot)
  }

  /** Many clients that come at once, after a restart say, are answered from one read. */
  #shareSnapshot(subscription: Subscription): Promise<{ snapshot: LiveSnapshot; cursor: Cursor }> {
    const underWay = this.#snapshots.get(subscription.key)
    if (underWay) return underWay
    const read = readLiveSnapshot(this.#sql, subscription).finally(() => {
      if (this.#snapshots.get(subscription.key) === read) this.#snapshots.delete(subscription.key)
    })
    this.#snapshots.set(subscription.key, read)
    return read
  }

  #updateAll(): void {
    if (this.#buffer === null) return
    const round = { now: this.#clock(), buffer: this.#buffer, built: new Map() }
    for (const session of this.#sessions.keys()) {
      if (session.cursor === null) continue
      const { client } = session
      const reception = session.reception(round.now)
      if (reception === 'hold') continue
      if (reception === 'disconnect') {
        this.#counts.slowDisconnects += 1
        client.disconnect('slow')
        continue
      }
      const update = session.nextUpdate(round)
      if (update === 'lost') this.#begin(session, null)
      else if (update !== null) {
        this.#counts.updates += 1
        client.update(update)
      }
    }
  }
}
