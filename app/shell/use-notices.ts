'use client'

import { useEffect, useRef } from 'react'
import { useActor } from '#app/controls/actor.tsx'
import { type Notice, noveltyOf, openAtBeginning, waitBeforeShowing } from '#app/shell/notices.ts'
import { useLiveStore } from '#app/socket/live.tsx'
import { hasBegun, type LiveState } from '#app/socket/live-state.ts'
import type { LiveStore } from '#app/socket/live-store.ts'
import { useTRPCClient } from '#app/trpc/client.tsx'

/** How long after a failure what was told is asked for again. */
const RETRY_MS = 2_000

/**
 * Calls `show` with what pages are told by one way, each once: also what was told while the connection was lost or the
 * server was another, nothing that was told before the page was loaded, and nothing that another page of this browser has
 * shown. The socket only says that there is something: what it is, is asked for from the place up to which it is known,
 * so a hint that comes twice shows nothing twice, and after one that was lost the next (or the next snapshot) brings both.
 */
export function useNotices(
  way: Notice['way'],
  { waitsForLook, show }: { waitsForLook: boolean; show: (notices: readonly Notice[]) => void },
): void {
  const store = useLiveStore()
  const client = useTRPCClient()
  const person = useActor()
  const latest = useRef({ person, show })

  useEffect(() => {
    latest.current = { person, show }
  })

  useEffect(
    () =>
      followNotices(store, {
        way,
        waitsForLook,
        ask: after => client.notifications.notices.query({ person: latest.current.person, after }),
        show: notices => latest.current.show(notices),
      }),
    [store, client, way, waitsForLook],
  )
}

interface Following {
  way: Notice['way']
  /** Whether nothing is shown on a page that nobody looks at. */
  waitsForLook: boolean
  /** What was told after a place, and up to where nothing is left out. */
  ask: (after: number) => Promise<{ notices: readonly Notice[]; through: number }>
  show: (notices: readonly Notice[]) => void
}

/** The same for who renders nothing. @returns ends it */
export function followNotices(
  store: Pick<LiveStore, 'view' | 'subscribe'>,
  { way, waitsForLook, ask: askFor, show }: Following,
): () => void {
  let seen: LiveState | null = null
  let position: number | null = null
  let isKnown: (notice: Notice) => boolean = () => false
  const waiting: Notice[] = []
  /** Their turn has come, but their alerts have not been heard of. */
  let unheard: Notice[] = []
  let shownAt: number | null = null
  let isAsking = false
  let isAskedAgain = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let isLeft = false

  function look() {
    const { state } = store.view()
    if (!hasBegun(state)) return
    if (unheard.length > 0 && isLookedAt()) showNews(unheard.splice(0))
    if (state === seen) return
    if (position === null) isKnown = openAtBeginning(state)
    // A database that was begun anew counts from the start.
    if (position === null || (state.told !== seen?.told && state.told < position)) begin(state.told)
    if (seen !== null && seen.notices !== state.notices) void ask()
    seen = state
  }

  function begin(told: number) {
    position = told
    if (shownThrough(way) > told) setShownThrough(way, told)
  }

  async function ask() {
    isAskedAgain = true
    if (isAsking) return
    isAsking = true
    while (isAskedAgain && !isLeft) {
      isAskedAgain = false
      const after = position ?? 0
      try {
        const { notices, through } = await askFor(after)
        // Past a full answer there is more.
        if (notices.length > 0) isAskedAgain = true
        // Meanwhile the database may have been begun anew: that was an answer of the one before.
        if (position !== null && position < after) continue
        position = through
        waiting.push(...notices.filter(notice => notice.way === way && !isKnown(notice)))
        schedule()
      } catch {
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
        isAskedAgain = true
      }
    }
    isAsking = false
  }

  function schedule() {
    clearTimeout(timer)
    if (waiting.length === 0) return
    timer = setTimeout(() => void flush(), waitBeforeShowing(waiting, { shownAt, now: Date.now() }))
  }

  async function flush() {
    if (isLeft || !isLookedAt()) return
    showNews(await claim(way, waiting.splice(0)))
  }

  function isLookedAt(): boolean {
    return !waitsForLook || document.visibilityState === 'visible'
  }

  function showNews(taken: readonly Notice[]) {
    if (isLeft) return
    const view = store.view()
    const byNovelty = Map.groupBy(taken, notice => noveltyOf(notice, view, Date.now()))
    unheard.push(...(byNovelty.get('unheard') ?? []))
    const news = byNovelty.get('news') ?? []
    if (news.length === 0) return
    shownAt = Date.now()
    show(news)
  }

  look()
  const leave = store.subscribe(look)
  document.addEventListener('visibilitychange', schedule)
  return () => {
    isLeft = true
    unheard = []
    clearTimeout(timer)
    leave()
    document.removeEventListener('visibilitychange', schedule)
  }
}

/** Of these those that no other page of this browser has shown: from now on they are this page's. */
async function claim(way: Notice['way'], notices: readonly Notice[]): Promise<Notice[]> {
  const take = () => {
    const through = shownThrough(way)
    const fresh = notices.filter(({ sequence }) => sequence > through)
    setShownThrough(way, Math.max(through, ...fresh.map(({ sequence }) => sequence)))
    return fresh
  }
  // Where the page came without TLS there are no locks: two pages that ask at the same moment then both show it.
  return 'locks' in navigator ? navigator.locks.request(keyOf(way), take) : take()
}

function keyOf(way: Notice['way']): string {
  return `tillstream.shown-${way}`
}

/** Where a browser stores nothing, each page knows what it has shown itself. */
const unstored = new Map<string, number>()

function shownThrough(way: Notice['way']): number {
  try {
    return Number(localStorage.getItem(keyOf(way)) ?? 0) || 0
  } catch {
    return unstored.get(keyOf(way)) ?? 0
  }
}

function setShownThrough(way: Notice['way'], sequence: number): void {
  try {
    localStorage.setItem(keyOf(way), String(sequence))
  } catch {
    unstored.set(keyOf(way), sequence)
  }
}
