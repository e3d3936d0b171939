import type { Instant } from '#domain/instant.ts'
import type { LiveSnapshot, LiveUpdate } from '#server/web/live/messages.ts'
import { type CatchUpStep, covers, furthest } from './chain.ts'
import type { Place } from './cursor.ts'
import { buildFrame, hasNews } from './frame.ts'
import type { HeldSteps } from './held-steps.ts'
import type { Subscription } from './subscription.ts'

/** One connection, as the gateway sees it. */
export interface LiveClient {
  subscription: Subscription
  /** The cursor it wants to go on from. */
  since: string | null
  snapshot(snapshot: LiveSnapshot): void
  update(update: LiveUpdate): void
  /** Whether what was sent before still waits to be taken. */
  congested(): boolean
  disconnect(reason: 'slow' | 'unavailable'): void
}

/** A client and how far it has been told. */
export interface Member {
  client: LiveClient
  /** Told up to here; null while it waits for a snapshot. */
  place: Place | null
  /** What it missed before it came, still to be told. */
  catchUp: CatchUpStep[]
  /** Number of the first step it has not been told. */
  nextStep: number
  /** Since when it takes nothing; null while it keeps up. */
  slowSince: Instant | null
  toldWatermark: Instant | null
  toldAt: Instant
  /** Counts its beginnings: an answer to an earlier one is stale. Negative: it has left. */
  beginnings: number
}

export function newMember(client: LiveClient): Member {
  return {
    client,
    place: null,
    catchUp: [],
    nextStep: 0,
    slowSince: null,
    toldWatermark: null,
    toldAt: 0,
    beginnings: 0,
  }
}

/** Where the lanes are, when members are told. */
export interface Telling {
  now: Instant
  head: Place
  /** Minimum over the partitions, at `head`. */
  watermark: Instant | null
  steps: HeldSteps
  /** Updates built in this round: clients in the same place with the same subscription share one. */
  built: Map<string, LiveUpdate>
}

/** The time alone is told this often. */
const WATERMARK_GAP_MS = 1_000

/**
 * The next update of a member, and moves the member past it: the next of what it missed, or everything
 * since its place in one.
 * @returns null when nothing concerns it, 'lost' when it can only be told anew
 */
export function nextUpdate(member: Member, telling: Telling): LiveUpdate | null | 'lost' {
  const { place, client } = member
  if (place === null) return null
  const { subscription } = client
  const { now, head, watermark, steps } = telling
  const missed = member.catchUp.shift()
  if (missed) {
    const { to } = missed
    return passOn(member, {
      now,
      to,
      update: buildFrame({ ...missed, from: place, subscription, watermark }),
    })
  }
  const untold = steps.since(member.nextStep, { place, head })
  if (untold === null) return 'lost'
  const to = furthest(place, head)
  const key = `${subscription.key} ${Math.max(member.nextStep, steps.first)} ${place.offsets.join('.')} ${place.ops}`
  const update =
    telling.built.get(key) ??
    buildFrame({
      from: place,
      to,
      rows: untold.flatMap(step => step.rows),
      ops: untold.flatMap(step => step.ops),
      subscription,
      watermark,
    })
  telling.built.set(key, update)
  // Steps without news for it are passed over, its place stays: the next update then says `previous` of it.
  member.nextStep = steps.next
  const timeMoved = watermark !== member.toldWatermark && now - member.toldAt >= WATERMARK_GAP_MS
  return hasNews(update) || (timeMoved && !covers(place, to)) ? passOn(member, { now, to, update }) : null
}

function passOn(
  member: Member,
  { now, to, update }: { now: Instant; to: Place; update: LiveUpdate },
): LiveUpdate {
  member.place = to
  member.toldWatermark = update.watermark
  member.toldAt = now
  return update
}
