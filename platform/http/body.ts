import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { HttpProblem, HungUpError, tryLater } from './problem.ts'

/** What a body may be. */
export interface BodyLimits {
  /** Most bytes, after inflating. */
  maxBytes: number
  /** Memory that bodies may take while they are read. */
  budget: ReadingBudget
  /** What a sender is told to do with a body that is too large (413), and when there is no room for one (429). */
  advice: { tooLarge: string; full: string }
}

export interface ReadingBudget {
  /** @returns false when there is no room: the body is refused. Taking 0 asks whether there is any. */
  take(bytes: number): boolean
  give(bytes: number): void
}

/** What gzip adds to a body that cannot be compressed. */
const GZIP_OVERHEAD = 65_536

const inflate = promisify(gunzip)

/** A body that may be read: its encoding is understood and its announced length within the limit. */
export interface AnnouncedBody {
  /**
   * Reads the body, inflates it, and has it used. What it holds in memory is counted in the budget until then.
   * @throws HttpProblem 400, 413 or 429, HungUpError, or what `use` throws
   */
  read<Result>(use: (body: Buffer) => Promise<Result>): Promise<Result>
}

/**
 * Looks at what the request announces, before anything is read.
 * @throws HttpProblem 413 or 415
 */
export function announcedBody(request: IncomingMessage, limits: BodyLimits): AnnouncedBody {
  const isGzip = contentEncodingOf(request) === 'gzip'
  const { maxBytes, budget, advice } = limits
  const tooLarge = () =>
    new HttpProblem(413, `A request may carry ${maxBytes} bytes after inflating: ${advice.tooLarge}`)
  const mostSent = isGzip ? maxBytes + GZIP_OVERHEAD : maxBytes
  if (Number(request.headers['content-length'] ?? 0) > mostSent) throw tooLarge()

  async function inflated(raw: Buffer): Promise<Buffer> {
    try {
      return await inflate(raw, { maxOutputLength: maxBytes })
    } catch (cause) {
      if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
      throw new HttpProblem(400, 'The body says it is gzip, but it cannot be inflated.', { cause })
    }
  }

  return {
    async read(use) {
      let taken = 0
      function refuse(bytes: number, size: number): HttpProblem | null {
        if (size > mostSent) return tooLarge()
        if (!budget.take(bytes)) return tryLater(429, advice.full)
        taken += bytes
        return null
      }
      try {
        const raw = await collect(request, refuse)
        return await use(isGzip ? await inflated(raw) : raw)
      } finally {
        budget.give(taken)
      }
    },
  }
}

function contentEncodingOf({ headers }: Pick<IncomingMessage, 'headers'>): 'identity' | 'gzip' {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity' || encoding === '') return 'identity'
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip'
  throw new HttpProblem(
    415,
    `Content-Encoding ${JSON.stringify(encoding)} is not understood: send gzip, or none.`,
    { headers: { 'Accept-Encoding': 'gzip' } },
  )
}

/** @param refuse says what is wrong with a further chunk: its bytes, and all bytes with it */
function collect(
  request: IncomingMessage,
  refuse: (bytes: number, size: number) => HttpProblem | null,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0

    function end(settle: () => void): void {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone)
      settle()
    }
    function onData(chunk: Buffer): void {
      size += chunk.length
      const refused = refuse(chunk.length, size)
      if (refused) end(() => reject(refused))
      else chunks.push(chunk)
    }
    function onEnd(): void {
      end(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size)))
    }
    /** A body has no errors of its own: its connection was reset, or closed before it was complete. */
    function onGone(cause?: Error): void {
      end(() => reject(new HungUpError(cause)))
    }
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}
