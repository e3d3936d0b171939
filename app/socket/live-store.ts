import type { Connection, HeardStand } from '#app/socket/freshness.ts'
import {
  applySnapshot,
  applyUpdate,
  continuityOf,
  emptyLiveState,
  hasBegun,
  type LiveState,
} from '#app/socket/live-state.ts'
import type { LiveSnapshot, LiveStand, LiveUpdate } from '#server/web/live/messages.ts'

/** What components see: the state of a moment, and whether it still moves. */
export interface LiveView {
  connection: Connection
  state: LiveState
  /** How far the state is known, by the server's last word; null before the first. */
  stand: HeardStand | null
}

/** Before anything is known. */
export const unknownView: LiveView = { connection: 'connecting', state: emptyLiveState, stand: null }

/** What a page begins with that the server has rendered: its first snapshot, not connected yet. */
export function viewOf(snapshot: LiveSnapshot): LiveView {
  return {
    connection: 'connecting',
    state: applySnapshot(emptyLiveState, snapshot),
    stand: { ...snapshot.stand, heardAt: null },
  }
}

/** Charts and tiles are drawn at most this often; frames come up to five times as fast. */
export const MIN_RENDER_GAP_MS = 250

/**
 * Holds the live state between the socket, which tells it things as they come, and React, which is told
 * of them at most four times a second. Nothing is lost in between: each frame is applied at once.
 */
export class LiveStore {
  #state: LiveState = emptyLiveState
  #connection: Connection = 'connecting'
  #stand: HeardStand | null = null
  #view: LiveView = unknownView
  #listeners = new Set<() => void>()
  #nextTell: ReturnType<typeof setTimeout> | null = null
  #lastTold = 0

  /** Where to resume after a broken connection; undefined asks for a fresh snapshot. */
  get cursor(): string | undefined {
    return this.#state.cursor ?? undefined
  }

  /** Begins with what the page was rendered with, unless the socket was faster. @param heardAt when the page came */
  begin({ state, stand }: LiveView, heardAt: number): void {
    if (hasBegun(this.#state) || stand === null) return
    this.#state = state
    this.#stand = { ...stand, heardAt }
    this.#tellSoon()
  }

  takeStand(stand: LiveStand): void {
    this.#stand = { ...stand, heardAt: Date.now() }
    this.#tellSoon()
  }

  takeSnapshot(snapshot: LiveSnapshot): void {
    this.#state = applySnapshot(this.#state, snapshot)
    this.#stand = { ...snapshot.stand, heardAt: Date.now() }
    this.#connection = 'live'
    this.#tellSoon()
  }

  /** @returns false when updates are missing before this one: the caller connects anew, without a cursor. */
  takeUpdate(update: LiveUpdate): boolean {
    switch (continuityOf(this.#state, update)) {
      case 'repeated':
        return true
      case 'gap':
        this.#state = { ...this.#state, cursor: null }
        this.lost()
        return false
      case 'next':
        this.#state = applyUpdate(this.#state, update)
        this.#connection = 'live'
        this.#tellSoon()
        return true
    }
  }

  /** The connection stands again. Until a first snapshot there is still nothing to show. */
  connected(): void {
    if (this.#state.cursor === null) return
    this.#connection = 'live'
    this.#tellSoon()
  }

  /** What is shown stays, marked as not moving. */
  lost(): void {
    if (this.#connection !== 'connecting') this.#connection = 'reconnecting'
    this.#tellSoon()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly view = (): LiveView => this.#view

  #tellSoon(): void {
    if (this.#nextTell !== null) return
    const wait = Math.max(0, this.#lastTold + MIN_RENDER_GAP_MS - Date.now())
    this.#nextTell = setTimeout(() => {
      this.#nextTell = null
      this.#lastTold = Date.now()
      this.#view = { connection: this.#connection, state: this.#state, stand: this.#stand }
      for (const listener of this.#listeners) listener()
    }, wait)
  }
}
