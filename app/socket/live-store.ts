import {
  applySnapshot,
  applyUpdate,
  continuityOf,
  emptyLiveState,
  type LiveState,
} from '#app/socket/live-state.ts'
import type { LiveSnapshot, LiveUpdate } from '#server/web/live/messages.ts'

/** `connecting` until the first snapshot; `reconnecting` while what is shown may be out of date. */
export type Connection = 'connecting' | 'live' | 'reconnecting'

/** What components see: the state of a moment, and whether it still moves. */
export interface LiveView {
  connection: Connection
  state: LiveState
}

/** What the server renders and a browser begins with, however soon the socket has told something. */
export const firstView: LiveView = { connection: 'connecting', state: emptyLiveState }

/** Charts and tiles are drawn at most this often; frames come up to five times as fast. */
export const MIN_RENDER_GAP_MS = 250

/**
 * Holds the live state between the socket, which tells it things as they come, and React, which is told
 * of them at most four times a second. Nothing is lost in between: each frame is applied at once.
 */
export class LiveStore {
  #state: LiveState = emptyLiveState
  #connection: Connection = 'connecting'
  #view: LiveView = firstView
  #listeners = new Set<() => void>()
  #nextTell: ReturnType<typeof setTimeout> | null = null
  #lastTold = 0

  /** Where to resume after a broken connection; undefined asks for a fresh snapshot. */
  get cursor(): string | undefined {
    return this.#state.cursor ?? undefined
  }

  takeSnapshot(snapshot: LiveSnapshot): void {
    this.#state = applySnapshot(this.#state, snapshot)
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
      this.#view = { connection: this.#connection, state: this.#state }
      for (const listener of this.#listeners) listener()
    }, wait)
  }
}
