import type { Instant } from '#domain/instant.ts'
import { type Change, type ChangeBuffer, isBatch, MAX_SALES_PER_UPDATE } from './changes.ts'
import { advance, type Cursor, covers, encodeCursor, furthest, isPast, type Subscription } from './cursor.ts'
import { buildFrame, hasNews } from './frame.ts'
import type { LiveSnapshot, LiveStand, LiveUpdate } from './messages.ts'

/** One connection, as the gateway sees it. */
export interface LiveClient {
  subscription: Subscription
  /** The cursor it wants to go on from. */
  since: string | null
  snapshot(snapshot: LiveSnapshot): void
  update(update: LiveUpdate): void
  /** May be lost: the next one is a second away. */
  stand(stand: LiveStand): void
  /** Whether what was sent before still waits to be taken. */
  congested(): boolean
  disconnect(reason: 'slow' | 'unavailable'): void
}

/** What all sessions share while they are served once. */
export interface Round {
  now: Instant
  buffer: ChangeBuffer
  /** Updates built in this round: clients at the same cursor with the same subscription share one. */
  built: Map<string, LiveUpdate>
}

/** The time alone is told this often. */
const WATERMARK_GAP_MS = 1_000
/** A client that takes nothing for this long is disconnected: it resumes by its cursor. */
export const SLOW_LIMIT_MS = 30_000

/** A client and how far it has been told. One that reads slowly is told from its own cursor and holds up nobody. */
export class Session {
  readonly client: LiveClient
  /** Told up to here; null while it waits for a snapshot. */
  cursor: Cursor | null = null
  /** Number of the first change it has not looked at: what did not concern it moves this and not the cursor. */
  #next = 0
  /** What it missed before it came back is told in updates of few sales. */
  #catchUp: CatchUp | null = null
  #slowSince: Instant | null = null
  #toldWatermark: Instant | null = null
  #toldAt: Instant = 0

  constructor(client: LiveClient) {
    this.client = client
  }

  get isCatchingUp(): boolean {
    return this.#catchUp !== null
  }

  get isSlow(): boolean {
    return this.#slowSince !== null
  }

  /** Whether it has been told what everybody has; one that waits or catches up has not. */
  get isToldAll(): boolean {
    return this.cursor !== null && this.#catchUp === null && this.#slowSince === null
  }

  /** Until it goes on or begins anew, it is told nothing. */
  wait(): void {
    this.cursor = null
    this.#catchUp = null
  }

  /** Goes on from a cursor that the buffer reaches back to. */
  resume(since: Cursor, buffer: ChangeBuffer): void {
    this.cursor = since
    this.#next = buffer.first
    this.#catchUp = planCatchUp(since, buffer)
  }

  /** Goes on from a snapshot. @param next number of a change that is not newer than the snapshot */
  begin({
    cursor,
    next,
    watermark,
    now,
  }: {
    cursor: Cursor
    next: number
    watermark: Instant | null
    now: Instant
  }) {
    this.cursor = cursor
    this.#next = next
    this.#toldWatermark = watermark
    this.#toldAt = now
  }

  /** Whether its client can be sent something now. What comes while it is held is coalesced into its next update. */
  reception(now: Instant): 'send' | 'hold' | 'disconnect' {
    if (!this.client.congested()) this.#slowSince = null
    else this.#slowSince ??= now
    if (this.#slowSince === null) return 'send'
    return now - this.#slowSince >= SLOW_LIMIT_MS ? 'disconnect' : 'hold'
  }

  /**
   * The next update, and moves the session past it: the next part of what it missed, or everything since its
   * cursor in one.
   * @returns null when nothing concerns it, 'lost' when it can only be told anew
   */
  nextUpdate({ now, buffer, built }: Round): LiveUpdate | null | 'lost' {
    const { cursor, client } = this
    // Of other tables than the buffer: everybody is about to begin anew.
    if (cursor === null || cursor.generation !== buffer.end.generation) return null
    const held = buffer.from(this.#next, cursor)
    if (held === null) return 'lost'
    const start = Math.max(this.#next, buffer.first)
    if (this.#catchUp !== null && start >= this.#catchUp.until) this.#catchUp = null
    const changes = this.#catchUp === null ? held : partOf(held, { start, cursor, ...this.#catchUp })
    const to = this.#catchUp === null ? furthest(cursor, buffer.end) : (advance(cursor, changes) ?? cursor)

    const { subscription } = client
    const { watermark } = buffer
    const key = `${encodeCursor(cursor, subscription.key)} ${start} ${changes.length}`
    const update = built.get(key) ?? buildFrame({ from: cursor, to, changes, subscription, watermark })
    built.set(key, update)
    // Changes without news for it are passed over, its cursor stays: the next update then says `previous` of it.
    this.#next = start + changes.length
    const timeMoved = watermark !== this.#toldWatermark && now - this.#toldAt >= WATERMARK_GAP_MS
    const mayBeEmpty = (this.#catchUp !== null || timeMoved) && !covers(cursor, to)
    if (!hasNews(update) && !mayBeEmpty) return null
    this.cursor = to
    this.#toldWatermark = watermark
    this.#toldAt = now
    return update
  }
}

interface CatchUp {
  /** Number of the first change that is no part of it. */
  until: number
  /** So many that few sales are left out and it still ends soon. */
  salesPerUpdate: number
}

/** Updates of a long catch-up, about: at 20 a second it lasts two seconds. Uneven batches make it a few more. */
const CATCH_UP_UPDATES = 40

function planCatchUp(since: Cursor, buffer: ChangeBuffer): CatchUp {
  const sales = (buffer.from(buffer.first, since) ?? []).reduce(
    (sum, change) => sum + newSales(change, since),
    0,
  )
  const salesPerUpdate = Math.max(MAX_SALES_PER_UPDATE, Math.ceil(sales / CATCH_UP_UPDATES))
  return { until: buffer.next, salesPerUpdate }
}

/** The next of the changes that are held, as many as one update of a catch-up tells. */
function partOf(
  held: readonly Change[],
  { start, cursor, until, salesPerUpdate }: CatchUp & { start: number; cursor: Cursor },
): readonly Change[] {
  let sales = 0
  for (const [index, change] of held.slice(0, until - start).entries()) {
    const more = newSales(change, cursor)
    if (sales > 0 && more > 0 && sales + more > salesPerUpdate) return held.slice(0, index)
    sales += more
  }
  return held.slice(0, until - start)
}

/** Sales of a change that a client at this cursor has not been told. */
function newSales(change: Change, cursor: Cursor): number {
  if (!isBatch(change) || isPast(cursor, change)) return 0
  let count = 0
  for (const store of change.sales.values()) count += store.count
  return count
}
