import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { HttpProblem, tryLater } from './problem.ts'

/** Most bytes of a request's events, after inflating. */
export const MAX_BODY_BYTES = 1_048_576
// What gzip adds to a body that cannot be compressed.
const MAX_COMPRESSED_BYTES = MAX_BODY_BYTES + 65_536

const inflate = promisify(gunzip)

/** Memory that bodies may take while they are read. */
export interface ReadingBudget {
  /** @returns false when there is no room: the body is refused. Taking 0 asks whether there is any. */
  take(bytes: number): boolean
  give(bytes: number): void
}

export type ContentEncoding = 'identity' | 'gzip'

/** Which encodings are understood. @throws HttpProblem 415 */
export function contentEncodingOf({ headers }: Pick<IncomingMessage, 'headers'>): ContentEncoding {
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity' || encoding === '') return 'identity'
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip'
  throw new HttpProblem(
    415,
    `Content-Encoding ${JSON.stringify(encoding)} is not understood: send gzip, or none.`,
    {
      headers: { 'Accept-Encoding': 'gzip' },
    },
  )
}

/** Refuses by the announced length, before anything is read. @throws HttpProblem 413 */
export function refuseAnnouncedLength(
  request: Pick<IncomingMessage, 'headers'>,
  encoding: ContentEncoding,
): void {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limitOf(encoding)) throw tooLarge()
}

/**
 * Reads a body of bounded size, inflates it, and has it used. What it holds in memory is counted in `budget`
 * until then.
 * @throws HttpProblem 400, 413 or 429, or what `use` throws
 */
export async function withBody<Result>(
  request: IncomingMessage,
  {
    encoding,
    budget,
    use,
  }: { encoding: ContentEncoding; budget: ReadingBudget; use(body: Buffer): Promise<Result> },
): Promise<Result> {
  let taken = 0
  function take(bytes: number): boolean {
    if (!budget.take(bytes)) return false
    taken += bytes
    return true
  }
  try {
    const raw = await collect(request, { limit: limitOf(encoding), take })
    return await use(encoding === 'identity' ? raw : await inflated(raw))
  } finally {
    budget.give(taken)
  }
}

async function inflated(raw: Buffer): Promise<Buffer> {
  try {
    return await inflate(raw, { maxOutputLength: MAX_BODY_BYTES })
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw new HttpProblem(400, 'The body says it is gzip, but it cannot be inflated.', { cause })
  }
}

function collect(
  request: IncomingMessage,
  { limit, take }: { limit: number; take(bytes: number): boolean },
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0

    function end(settle: () => void): void {
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      settle()
    }
    function onData(chunk: Buffer): void {
      size += chunk.length
      if (size > limit) end(() => reject(tooLarge()))
      else if (take(chunk.length)) chunks.push(chunk)
      else
        end(() =>
          reject(tryLater(429, 'The intake has all the requests it can hold: send this one again later.')),
        )
    }
    function onEnd(): void {
      end(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size)))
    }
    function onError(error: Error): void {
      end(() => reject(error))
    }
    function onClose(): void {
      end(() => reject(new HttpProblem(400, 'The connection was closed before the body was complete.')))
    }
    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

function limitOf(encoding: ContentEncoding): number {
  return encoding === 'gzip' ? MAX_COMPRESSED_BYTES : MAX_BODY_BYTES
}

function tooLarge(): HttpProblem {
  return new HttpProblem(
    413,
    `A request may carry ${MAX_BODY_BYTES} bytes after inflating: send the events in several requests.`,
  )
}
