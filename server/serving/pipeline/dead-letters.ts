import type { Instant } from '#domain/instant.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { likePattern } from '#server/serving/scope.ts'
import type { IntakeAnswer, Serving } from '#server/serving/serving.ts'
import { type Repair, repairPayload } from './repair-payload.ts'

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
  /** '' for letters that name none. */
  source?: string | undefined
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
  { state, reason, source, search, cursor, limit }: DeadLetterFilter,
): Promise<DeadLetterPage> {
  const pattern = search ? likePattern(search) : null
  const [rows, openReasons] = await Promise.all([
    sql<LetterRow[]>`
      select ${columns(sql, EXCERPT_BYTES)} from intake.dead_letters
      where true
        ${state === undefined ? sql`` : sql`and state = ${state}`}
        ${reason === undefined ? sql`` : sql`and reason = ${reason}`}
        ${source === undefined ? sql`` : sql`and coalesce(source, '') = ${source}`}
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

/** Open letters of one reason and source. */
interface LetterGroup {
  reason: string
  /** '' where they name none. */
  source: string
  letters: number
  oldestAt: Instant
  newestAt: Instant
  /** What the newest of them says. */
  detail: string
}

interface LetterGroups {
  now: Instant
  /** Most letters first. */
  groups: LetterGroup[]
  /** How many there are: `groups` holds the first of them. */
  count: number
  letters: number
}

const SHOWN_GROUPS = 100

/** The open letters by reason and source: what goes wrong, where, and how often. */
export async function listLetterGroups({ sql }: Pick<Serving, 'sql'>): Promise<LetterGroups> {
  const rows = await sql<(LetterGroup & { now: Instant; groupCount: number; letterCount: number })[]>`
    select reason, coalesce(source, '') as source, count(*) as letters, min(met_at) as "oldestAt",
      max(met_at) as "newestAt", (array_agg(detail order by dead_letter desc))[1] as detail,
      clock_timestamp() as now, count(*) over () as "groupCount", (sum(count(*)) over ())::bigint as "letterCount"
    from intake.dead_letters where state = 'open'
    group by reason, coalesce(source, '')
    order by letters desc, reason, source limit ${SHOWN_GROUPS}`
  const [first] = rows
  return {
    now: first?.now ?? 0,
    groups: rows.map(({ now: _, groupCount: __, letterCount: ___, ...group }) => group),
    count: first?.groupCount ?? 0,
    letters: first?.letterCount ?? 0,
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

/** What sending open letters again has come to. */
interface BulkRequeue {
  counted: number
  duplicates: number
  /** Still wrong: they stay open. */
  refused: number
  /** There was nothing of the repair to be made in them: they were not sent, and stay open. */
  untouched: number
  /** The last one that was tried; null: none. */
  through: number | null
  /** Open letters past it: ask again, after it. */
  left: number
}

/** Letters of one press: each is a round trip and an append. */
const MAX_BULK = 200

/** Which open letters are sent again. */
interface LettersToSend {
  reason: string
  /** '' for letters that name none; absent: of every source. */
  source?: string | undefined
  /** Put right in each; null: they are sent as they were kept, for when the world was put right and not they. */
  repair: Repair | null
  /** Only letters past this one: what was asked before went as far. */
  after?: number | undefined
}

/**
 * Sends the open letters of a reason, and perhaps a source, again, oldest first: as they were kept (a store was added, a
 * clock has caught up), or with the same repair made in each.
 * @throws RefusedError when the intake is away
 */
export async function requeueLetters(
  { sql, intake }: Pick<Serving, 'sql' | 'intake'>,
  { reason, source, repair, after = 0 }: LettersToSend,
): Promise<BulkRequeue> {
  const client = intakeOf({ intake })
  const chosen = sql`state = 'open' and reason = ${reason}
    ${source === undefined ? sql`` : sql`and coalesce(source, '') = ${source}`}`
  const letters = await sql<{ deadLetter: number; payload: Buffer }[]>`
    select dead_letter as "deadLetter", payload from intake.dead_letters
    where ${chosen} and dead_letter > ${after} order by dead_letter limit ${MAX_BULK}`
  const through = letters.at(-1)?.deadLetter ?? null
  const result: BulkRequeue = { counted: 0, duplicates: 0, refused: 0, untouched: 0, through, left: 0 }
  for (const { deadLetter, payload: kept } of letters) {
    const repaired = repair === null ? null : repairPayload(kept.toString('utf8'), repair)
    if (repaired?.kind === 'untouched') {
      result.untouched += 1
      continue
    }
    const answer = await client.requeue({ deadLetter, payload: repaired?.payload ?? null })
    if (answer.kind === 'away') throw new RefusedError(answer.detail)
    if (answer.kind === 'refused') result.refused += 1
    else if (answer.kind === 'duplicate') result.duplicates += 1
    else result.counted += 1
  }
  if (letters.length < MAX_BULK) return result
  const [row] = await sql<{ left: number }[]>`
    select count(*) as left from intake.dead_letters
    where ${chosen} and dead_letter > ${through}`
  return { ...result, left: row?.left ?? 0 }
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
