import { isUtf8 } from 'node:buffer'
import { messageOf } from '#platform/command.ts'
import { HttpProblem } from '#platform/http/problem.ts'
import { decodeLine, type Entry, isBlank, lineBetween, NEWLINE } from '#server/intake/admit.ts'

/** Most bytes of a request's events, after inflating. */
export const MAX_BODY_BYTES = 1_048_576
/** Most events of a request. */
const MAX_EVENTS = 1_000

type MediaType = 'application/json' | 'application/x-ndjson'

/** What a body holds: each entry decoded, or refused as no JSON (a broken ndjson line). */
export interface DecodedBody {
  entries: Entry[]
  /** The bytes of one entry as they were sent. Costs a walk over the body: for what is refused. */
  payloadOf(index: number): Uint8Array
}

/** The media type of the events. @throws HttpProblem 415 */
export function mediaTypeOf(contentType: string | undefined): MediaType {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map(part => part.trim().toLowerCase())
  const charset = parameters.find(parameter => parameter.startsWith('charset='))?.slice('charset='.length)
  if (charset !== undefined && !['utf-8', 'utf8', '"utf-8"'].includes(charset)) {
    throw unsupported(`charset ${charset}`)
  }
  if (type === 'application/json' || type === 'application/x-ndjson') return type
  throw unsupported(type === '' ? 'no Content-Type' : `Content-Type ${JSON.stringify(type)}`)
}

/**
 * Decodes a body: one event, an array of events, or one event per line.
 * @throws HttpProblem 400 when it is no JSON, 413 when it holds too many events
 */
export function decodeEvents(body: Buffer, mediaType: MediaType): DecodedBody {
  const text = hasByteOrderMark(body) ? body.subarray(3) : body
  return mediaType === 'application/json' ? decodeJson(text) : decodeLines(text)
}

function hasByteOrderMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf
}

function decodeJson(body: Buffer): DecodedBody {
  if (!isUtf8(body)) throw new HttpProblem(400, 'The body is not valid UTF-8.')
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new HttpProblem(400, `The body is not JSON: ${messageOf(cause)}`, { cause })
  }
  if (!Array.isArray(parsed)) return { entries: [{ value: parsed }], payloadOf: () => body }
  refuseTooMany(parsed.length)
  let elements: Uint8Array[] | undefined
  return {
    entries: parsed.map(value => ({ value })),
    payloadOf(index) {
      elements ??= sliceArrayElements(body)
      return elements[index] ?? body
    },
  }
}

function decodeLines(body: Buffer): DecodedBody {
  const lines = splitLines(body)
  if (lines.length === 0) throw new HttpProblem(400, 'The body holds no event.')
  refuseTooMany(lines.length)
  return { entries: lines.map(decodeLine), payloadOf: index => lines[index] ?? body }
}

function splitLines(body: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start)
    const next = newline < 0 ? body.length : newline
    const line = lineBetween(body, start, next)
    if (!isBlank(line)) lines.push(line)
    start = next + 1
  }
  return lines
}

function refuseTooMany(count: number): void {
  if (count > MAX_EVENTS) {
    throw new HttpProblem(
      413,
      `A request may carry ${MAX_EVENTS} events, this one has ${count}: send them in several requests.`,
    )
  }
}

function unsupported(what: string): HttpProblem {
  return new HttpProblem(
    415,
    `${what} is not understood: send application/json (one event or an array) or application/x-ndjson, in UTF-8.`,
    { headers: { Accept: 'application/json, application/x-ndjson' } },
  )
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = new Set([0x5b, 0x7b])
const CLOSE = new Set([0x5d, 0x7d])
const SPACE = new Set([0x20, 0x09, 0x0a, 0x0d])

/**
 * The bytes of each element of a JSON array, as they were sent: what a dead letter keeps. The text must have
 * parsed as an array before. Without recursion: it may be nested a million deep.
 */
export function sliceArrayElements(json: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = []
  let depth = 0
  let start = -1
  let inString = false
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index] ?? 0
    if (inString) {
      if (byte === BACKSLASH) index += 1
      else if (byte === QUOTE) inString = false
      continue
    }
    if (byte === QUOTE) inString = true
    const closesArray = depth === 1 && CLOSE.has(byte)
    if (closesArray || (depth === 1 && byte === COMMA)) {
      if (start >= 0) elements.push(trimEnd(json.subarray(start, index)))
      start = -1
    } else if (depth === 1 && start < 0 && !SPACE.has(byte)) {
      start = index
    }
    if (OPEN.has(byte)) depth += 1
    else if (CLOSE.has(byte)) depth -= 1
  }
  return elements
}

function trimEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length
  while (end > 0 && SPACE.has(bytes[end - 1] ?? 0)) end -= 1
  return bytes.subarray(0, end)
}
