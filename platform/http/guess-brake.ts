import { createHmac, randomBytes } from 'node:crypto'

// A secret that can be tried as fast as a machine asks is found. So wrong guesses make their sender wait, longer
// with each, and all strangers together.
//
//   guess ─> must this sender wait? ── yes ─> refused unread: the answer tells nothing of the secret
//                 │ no
//                 └─> compared ── right ─> from now on no stranger
//                             └── wrong ─> counted for the sender, and for all strangers
//
// Invariant: what is compared is counted before anything else is compared, in this process at once, and in all by
// the store; restarts and other processes forget nothing but what was under way.

/** Wrong guesses of one sender, or of all strangers. They are forgiven with time. */
export interface Failures {
  /** As of `at`. */
  count: number
  /** Epoch milliseconds of the last one. */
  at: number
}

/** What outlives this process. */
export interface GuessStore {
  /** The newest of both, at most `limit` each. */
  load(
    limit: number,
  ): Promise<{ failures: ReadonlyMap<string, Failures>; known: ReadonlyMap<string, number> }>
  /** Counts a wrong guess for each of these at once. @returns what stands there then, other processes' guesses included */
  addFailure(senders: readonly string[]): Promise<ReadonlyMap<string, Failures>>
  /** A sender has known the secret. */
  remember(sender: string): Promise<void>
}

export type Guess = { kind: 'right' } | { kind: 'wrong' } | { kind: 'wait'; seconds: number }

/** Guesses that cost a sender nothing; one that knew the secret before may mistype more, for many may share its address. */
const FREE = { stranger: 5, known: 100, strangers: 100 } as const
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = { sender: 300_000, strangers: 30_000 } as const
/** One wrong guess is forgiven in this time. */
export const FORGIVEN_MS = 600_000
/** Who was right is known for so long. */
export const KNOWN_MS = 30 * 86_400_000
const REMEMBER_AGAIN_MS = 86_400_000
/** Senders remembered; the ones that were silent longest are forgotten first, which the wait of all strangers makes slow. */
const MOST_SENDERS = 10_000
/** The same wrong text again tells its sender nothing new: a browser sends a password that was changed with every file. */
const MOST_REPEATS = 4
/** Where the guesses of all strangers are counted. No address is named so. */
export const ALL_STRANGERS = '*'

interface Sender extends Failures {
  texts: string[]
}

/** How long after its last wrong guess a sender waits. @param count of wrong guesses, @param free ones before it waits */
export function waitAfter(count: number, free: number, longestMs: number): number {
  return count <= free ? 0 : Math.min(longestMs, FIRST_WAIT_MS * 2 ** (Math.ceil(count - free) - 1))
}

/** What is left of the wrong guesses. */
export function forgiven({ count, at }: Failures, now: number): number {
  return Math.max(0, count - Math.max(0, now - at) / FORGIVEN_MS)
}

/** Slows down who guesses one secret. Senders are named by whoever asks: by address, or by a browser that was let in before. */
export class GuessBrake {
  readonly #isRight: (given: string) => boolean
  readonly #store: GuessStore
  readonly #clock: () => number
  readonly #onError: (error: unknown) => void
  readonly #salt = randomBytes(16)
  readonly #senders = new Map<string, Sender>()
  readonly #known = new Map<string, number>()

  /** @param onError told when the store cannot be reached: this process then goes by what it saw itself */
  constructor(options: {
    isRight: (given: string) => boolean
    store: GuessStore
    clock: () => number
    onError: (error: unknown) => void
  }) {
    this.#isRight = options.isRight
    this.#store = options.store
    this.#clock = options.clock
    this.#onError = options.onError
  }

  /** Reads what earlier and other processes saw. */
  async open(): Promise<void> {
    try {
      const { failures, known } = await this.#store.load(MOST_SENDERS)
      for (const [sender, stored] of failures) this.#merge(sender, stored)
      for (const [sender, at] of known) this.#known.set(sender, Math.max(at, this.#known.get(sender) ?? 0))
    } catch (error) {
      this.#onError(error)
    }
  }

  /** Compares what a sender gives with the secret, if it need not wait. */
  guess(sender: string, given: string): Guess {
    const now = this.#clock()
    const waitMs = this.#waitOf(sender, now)
    if (waitMs > 0) return { kind: 'wait', seconds: Math.ceil(waitMs / 1_000) }
    if (this.#isRight(given)) {
      this.#rememberKnown(sender, now)
      return { kind: 'right' }
    }
    this.#count(sender, given, now)
    return { kind: 'wrong' }
  }

  /** What it keeps in memory, for tests and metrics. */
  get size(): number {
    return this.#senders.size + this.#known.size
  }

  #waitOf(sender: string, now: number): number {
    const isKnown = this.#isKnown(sender, now)
    const own = this.#left(sender, isKnown ? FREE.known : FREE.stranger, LONGEST_WAIT_MS.sender, now)
    if (isKnown) return own
    return Math.max(own, this.#left(ALL_STRANGERS, FREE.strangers, LONGEST_WAIT_MS.strangers, now))
  }

  #left(sender: string, free: number, longestMs: number, now: number): number {
    const failures = this.#senders.get(sender)
    if (failures === undefined) return 0
    // A clock that was set back makes nobody wait longer than the longest wait.
    return Math.min(longestMs, failures.at + waitAfter(failures.count, free, longestMs) - now)
  }

  #isKnown(sender: string, now: number): boolean {
    const at = this.#known.get(sender)
    return at !== undefined && now - at < KNOWN_MS
  }

  #count(sender: string, given: string, now: number): void {
    const text = createHmac('sha256', this.#salt).update(given).digest('base64url').slice(0, 16)
    if (this.#senders.get(sender)?.texts.includes(text)) return
    const counted = this.#isKnown(sender, now) ? [sender] : [sender, ALL_STRANGERS]
    for (const one of counted) {
      const before = this.#senders.get(one)
      const texts = one === sender ? [text, ...(before?.texts ?? [])].slice(0, MOST_REPEATS) : []
      put(this.#senders, one, { count: (before ? forgiven(before, now) : 0) + 1, at: now, texts })
    }
    this.#store.addFailure(counted).then(stored => {
      for (const [one, failures] of stored) this.#merge(one, failures)
    }, this.#onError)
  }

  /** Other processes may have counted more; what is counted here and not yet stored stands. */
  #merge(sender: string, stored: Failures): void {
    const own = this.#senders.get(sender)
    if (own && own.count >= stored.count) return
    put(this.#senders, sender, {
      count: stored.count,
      at: Math.max(stored.at, own?.at ?? 0),
      texts: own?.texts ?? [],
    })
  }

  #rememberKnown(sender: string, now: number): void {
    const at = this.#known.get(sender)
    if (at !== undefined && now - at < REMEMBER_AGAIN_MS) return
    put(this.#known, sender, now)
    this.#store.remember(sender).catch(this.#onError)
  }
}

/** At the end of the map; the sum of all strangers is never forgotten. */
function put<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= MOST_SENDERS) return
    if (oldest !== ALL_STRANGERS) map.delete(oldest)
  }
}
