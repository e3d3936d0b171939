import { IncomingMessage } from 'node:http'
import { announcedBody, type BodyLimits } from '#platform/http/body.ts'
import { allowMethods, HttpProblem } from '#platform/http/problem.ts'
import { refuseMalformedTarget } from '#platform/http/target.ts'

/** A repaired event, at most as large as the intake takes one, as text within JSON: every byte may be escaped. */
const MAX_CALL_BYTES = 3 * 1_048_576
/** All bodies that are read at once. */
const MAX_READING_BYTES = 8 * MAX_CALL_BYTES
/** What a request that needs no body may bring all the same: it is dropped unread. */
const MAX_IDLE_BYTES = 16_384
const CALLS = '/api/trpc/'

/**
 * What may come to the pages and their API. Whoever lies behind reads a body to its end before it looks at it: so
 * only calls of the API may bring one, and it is read here, within bounds.
 */
export class Gate {
  #reading = 0

  readonly #limits: BodyLimits = {
    maxBytes: MAX_CALL_BYTES,
    budget: {
      take: bytes => {
        if (this.#reading + bytes > MAX_READING_BYTES) return false
        this.#reading += bytes
        return true
      },
      give: bytes => {
        this.#reading -= bytes
      },
    },
    advice: { tooLarge: 'no call of this API needs more.', full: 'Too many calls at once: try again.' },
  }

  /**
   * Refuses by its head what nobody here can answer.
   * @throws HttpProblem 400, 405, 413, 414 or 415
   */
  refuseByHead(path: string, request: IncomingMessage): void {
    refuseMalformedTarget(request)
    if (path.startsWith(CALLS)) allowMethods(request, 'GET', 'HEAD', 'POST')
    else if (path !== '/logout') allowMethods(request, 'GET', 'HEAD')
    if (isCall(path, request)) {
      const encoding = request.headers['content-encoding'] ?? 'identity'
      if (encoding !== 'identity') throw new HttpProblem(415, 'Send calls without Content-Encoding.')
    } else if (bodyBytes(request) > MAX_IDLE_BYTES) {
      throw new HttpProblem(413, 'Nothing is read of a body here: send none.')
    }
  }

  /**
   * The request with its body in memory, where it is a call with one.
   * @param use answers it; what the body holds is counted until then
   * @throws HttpProblem 413 or 429, HungUpError, or what `use` throws
   */
  async readWithin(
    path: string,
    request: IncomingMessage,
    use: (request: IncomingMessage) => Promise<void>,
  ): Promise<void> {
    if (!isCall(path, request)) return use(request)
    await announcedBody(request, this.#limits).read(body => use(withBody(request, body)))
  }
}

function isCall(path: string, { method }: IncomingMessage): boolean {
  return method === 'POST' && path.startsWith(CALLS)
}

/** Infinity for a body of unknown length. */
function bodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Number.POSITIVE_INFINITY
  return Number(headers['content-length'] ?? 0)
}

/** The same request, its body to be read once more. */
function withBody(request: IncomingMessage, body: Buffer): IncomingMessage {
  const again = new IncomingMessage(request.socket)
  again.method = request.method
  again.url = request.url
  again.httpVersion = request.httpVersion
  again.httpVersionMajor = request.httpVersionMajor
  again.httpVersionMinor = request.httpVersionMinor
  again.rawHeaders = request.rawHeaders
  again.headers = request.headers
  again.complete = true
  again.push(body)
  again.push(null)
  return again
}
