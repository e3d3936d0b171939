import type { Instant } from '#domain/instant.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { likePattern } from '#server/serving/scope.ts'
import type { IntakeAnswer, Serving } from '#server/serving/serving.ts'

type DeadLetterState = 'open' | 'requeued' | 'discarded'

/** Something that could not be processed. */
interface DeadLetter {
  deadLetter: number
  metAt: Instant
  /** Where it was met, in words. */
  metIn: string
  /** It came by a file, so it is requeued as a bulk event. */
  isFromFile: boolean
  source: string | null
  eventId: string | null
  store: string | null
  reason: string
  detail: string
  state: DeadLetterState
  settledAt: Instant | null
  /** What became of it, in words; null while it is open. */
  settlement: string | null
  /** The beginning of the payload. */
  excerpt: string
  bytes: number
}

interface DeadLetterFilter {
  state?: DeadLetterState | undefined
  reason?: string | undefined
  /** Part of the source, the id or the store. */
  search?: string | undefined
  cursor?: number | null | undefined
  limit: number
}

interface DeadLetterPage {
  letters: DeadLetter[]
  nextCursor: number | null
  /** Of the open letters, by reason, most first. */
  openReasons: { reason: string; letters: number }[]
}

const EXCERPT_BYTES = 240
/** What can be repaired on a page; an event of 5,000 lines is sent again by its till. */
const MAX_EDITED_BYTES = 64 * 1024

type LetterRow = Omit<DeadLetter, 'metIn' | 'isFromFile' | 'settlement' | 'excerpt'> & {
  metIn: Record<string, unknown>
  settlement: Record<string, unknown> | null
  head: Buffer
}

/** Dead letters, newest first, with the reasons of those that are open. */
export async function listDeadLetters(
  { sql }: Pick<Serving, 'sql'>,
  { state, reason, search, cursor, limit }: DeadLetterFilter,
): Promise<DeadLetterPage> {
  const pattern = search ? likePattern(search) : null
  const [rows, openReasons] = await Promise.all([
    sql<LetterRow[]>`
      select ${columns(sql, EXCERPT_BYTES)} from intake.dead_letters
      where true
        ${state === undefined ? sql`` : sql`and state = ${state}`}
        ${reason === undefined ? sql`` : sql`and reason = ${reason}`}
        ${pattern === null ? sql`` : sql`and (source ilike ${pattern} or event_id ilike ${pattern} or store ilike ${pattern})`}
        ${cursor ? sql`and dead_letter < ${cursor}` : sql``}
      order by dead_letter desc limit ${limit + 1}`,
    sql<DeadLetterPage['openReasons']>`
      select reason, count(*) as letters from intake.dead_letters where state = 'open'
      group by reason order by letters desc, reason`,
  ])
  const letters = rows.slice(0, limit).map(toLetter)
  return {
    letters,
    nextCursor: rows.length > limit ? (letters.at(-1)?.deadLetter ?? null) : null,
    openReasons: [...openReasons],
  }
}

/** One letter with its payload, as far as a page can show it. Null: there is none of this number. */
export async function readDeadLetter(
  { sql }: Pick<Serving, 'sql'>,
  deadLetter: number,
): Promise<(DeadLetter & { payload: ReadablePayload }) | null> {
  const [row] = await sql<LetterRow[]>`
    select ${columns(sql, MAX_EDITED_BYTES + 1)} from intake.dead_letters where dead_letter = ${deadLetter}`
  return row ? { ...toLetter(row), payload: readablePayload(row.head, MAX_EDITED_BYTES) } : null
}

function columns(sql: Serving['sql'], headBytes: number) {
  return sql`dead_letter as "deadLetter", met_at as "metAt", met_in as "metIn", source, event_id as "eventId", store,
    reason, detail, state, settled_at as "settledAt", settlement, octet_length(payload) as bytes,
    substring(payload from 1 for ${headBytes}) as head`
}

function toLetter({ metIn, settlement, head, ...row }: LetterRow): DeadLetter {
  return {
    ...row,
    metIn: describePlace(metIn),
    isFromFile: 'file' in metIn,
    settlement: settlement === null ? null : describeSettlement(settlement),
    excerpt: readablePayload(head.subarray(0, EXCERPT_BYTES), EXCERPT_BYTES).text,
  }
}

function describePlace(metIn: Record<string, unknown>): string {
  if ('file' in metIn) return `row ${metIn.row} of ${metIn.file}`
  if ('request' in metIn)
    return `event ${Number(metIn.index) + 1} of a request from ${metIn.remote ?? 'somewhere'}`
  return `offset ${metIn.offset} of partition ${metIn.partition}`
}

function describeSettlement({ outcome, reason, entries }: Record<string, unknown>): string {
  switch (outcome) {
    case 'appended': {
      const places = Array.isArray(entries) ? (entries as { partition: number; offset: number }[]) : []
      return `counted once, at ${places.map(({ partition, offset }) => `partition ${partition}, offset ${offset}`).join(' and ')}`
    }
    case 'duplicate':
      return 'the log knew it already: counted once'
    case 'discarded':
      return `set aside: ${reason}`
    default:
      return 'settled'
  }
}

/** @throws RefusedError when the event is still wrong, the letter is settled, or the intake is away */
export async function requeueDeadLetter(
  serving: Pick<Serving, 'intake'>,
  request: { deadLetter: number; payload: string },
): Promise<{ outcome: 'appended' | 'duplicate' }> {
  const answer = await intakeOf(serving).requeue(request)
  return { outcome: accepted(answer) === 'duplicate' ? 'duplicate' : 'appended' }
}

/** @throws RefusedError as for a requeue */
export async function discardDeadLetter(
  serving: Pick<Serving, 'intake'>,
  request: { deadLetter: number; reason: string },
): Promise<void> {
  accepted(await intakeOf(serving).discard(request))
}

/** What sending all open letters of a reason again has come to. */
interface BulkRequeue {
  counted: number
  duplicates: number
  /** Still wrong: they stay open. */
  refused: number
  /** Open letters of the reason that were not tried: press again. */
  left: number
}

/** Letters of one press: each is a round trip and an append. */
const MAX_BULK = 200

/**
 * Sends the open letters of a reason again as they were kept, oldest first: for when the world was put right
 * and not the events, such as a store that was added or a clock that has caught up.
 * @throws RefusedError when the intake is away
 */
export async function requeueReason(
  serving: Pick<Serving, 'sql' | 'intake'>,
  reason: string,
): Promise<BulkRequeue> {
  const client = intakeOf(serving)
  const letters = await serving.sql<{ deadLetter: number }[]>`
    select dead_letter as "deadLetter" from intake.dead_letters
    where state = 'open' and reason = ${reason} order by dead_letter limit ${MAX_BULK + 1}`
  const result: BulkRequeue = { counted: 0, duplicates: 0, refused: 0, left: 0 }
  for (const { deadLetter } of letters.slice(0, MAX_BULK)) {
    const answer = await client.requeue({ deadLetter, payload: null })
    if (answer.kind === 'away') throw new RefusedError(answer.detail)
    if (answer.kind === 'refused') result.refused += 1
    else if (answer.kind === 'duplicate') result.duplicates += 1
    else result.counted += 1
  }
  return { ...result, left: letters.length > MAX_BULK ? await countOpen(serving.sql, reason, letters) : 0 }
}

async function countOpen(
  sql: Serving['sql'],
  reason: string,
  tried: readonly { deadLetter: number }[],
): Promise<number> {
  const last = tried[MAX_BULK - 1]?.deadLetter ?? 0
  const [row] = await sql<{ letters: number }[]>`
    select count(*) as letters from intake.dead_letters
    where state = 'open' and reason = ${reason} and dead_letter > ${last}`
  return row?.letters ?? 0
}

function intakeOf({ intake }: Pick<Serving, 'intake'>): NonNullable<Serving['intake']> {
  if (intake === null)
    throw new RefusedError('No intake belongs to this process: start the dashboard with npm start.')
  return intake
}

function accepted(answer: IntakeAnswer): 'appended' | 'duplicate' | 'discarded' {
  if (answer.kind === 'refused' || answer.kind === 'away') throw new RefusedError(answer.detail)
  return answer.kind
}

/** A payload as text that can be shown and edited. */
interface ReadablePayload {
  text: string
  /** Only the beginning is here: too long to be edited on a page. */
  isCut: boolean
  /** It was no valid UTF-8: what could not be read shows as a replacement character. */
  isDamaged: boolean
}

/**
 * Raw bytes as text in which nothing hides: characters that cannot be seen, or that turn the direction of the
 * text around, are written as `\\uXXXX`. Within JSON strings that is the same text, so what is shown can be
 * repaired and sent. JSON on one line is laid out, unless that could change a number.
 */
export function readablePayload(bytes: Uint8Array, maxBytes: number): ReadablePayload {
  const isCut = bytes.length > maxBytes
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, maxBytes))
  return {
    text: escapeHidden(isCut ? decoded : laidOut(decoded)),
    isCut,
    isDamaged: decoded.includes('\uFFFD'),
  }
}

/** Only what reads and writes back the same: a number of 20 digits would not. */
function laidOut(text: string): string {
  try {
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? JSON.stringify(value, null, 2) : text
  } catch {
    // Broken JSON is shown as it came.
    return text
  }
}

// Controls but tab and line feed, marks of direction, zero-width characters, line separators, half characters.
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not hide
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu

function escapeHidden(text: string): string {
  return text.replace(HIDDEN, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
