import { bearerKey, foreignHost, secretCheck } from './access.ts'
import { GuessBrake, type GuessStore } from './guess-brake.ts'
import type { FromPeer, Peer } from './peer.ts'
import { HttpProblem } from './problem.ts'

export interface KeyDoorOptions {
  /** What tills send; undefined: only this machine may ask. */
  key: string | undefined
  store: GuessStore
  clock: () => number
  /** Who asks: wrong keys are counted by it. */
  peerOf: (request: FromPeer) => Peer
  /** Told when guesses cannot be stored. */
  onError: (error: unknown) => void
}

/** The door of the intake: who has its key, or, where none is set, who is on this machine. */
export class KeyDoor {
  readonly #brake: GuessBrake | null
  readonly #peerOf: (request: FromPeer) => Peer

  constructor({ key, store, clock, peerOf, onError }: KeyDoorOptions) {
    this.#peerOf = peerOf
    this.#brake =
      key === undefined ? null : new GuessBrake({ isRight: secretCheck(key), store, clock, onError })
  }

  /** Reads what was guessed before this process began. */
  async open(): Promise<void> {
    await this.#brake?.open()
  }

  /** @throws HttpProblem 401, 403 or 429 for a request that may not come in */
  admit(request: FromPeer): void {
    if (this.#brake === null) {
      refuseForeignHost(request)
      return
    }
    const key = bearerKey(request)
    if (key === null) {
      throw new HttpProblem(401, 'Send the intake key as "Authorization: Bearer <key>".', {
        headers: { 'WWW-Authenticate': 'Bearer' },
      })
    }
    const guess = this.#brake.guess(this.#peerOf(request).address, key)
    switch (guess.kind) {
      case 'right':
        return
      case 'wrong':
        throw new HttpProblem(403, 'This intake key is not known here.')
      case 'wait':
        throw tooManyGuesses('keys', guess.seconds)
    }
  }
}

/** The refusal of who guesses too fast: nothing was compared. */
export function tooManyGuesses(what: 'keys' | 'passwords', seconds: number): HttpProblem {
  return new HttpProblem(
    429,
    `Too many wrong ${what} came from where you are: none is looked at for another ${seconds} s.`,
    { headers: { 'Retry-After': String(seconds) } },
  )
}

/**
 * Without a key a server listens on loopback only, and a page in a browser of this machine could still be led here:
 * see `foreignHost`.
 */
function refuseForeignHost(request: FromPeer): void {
  if (foreignHost(request) === null) return
  throw new HttpProblem(
    403,
    `The intake has no key, so it answers this machine only, and not under the name ${JSON.stringify(request.headers.host)}: set INTAKE_KEY to let others in.`,
  )
}
