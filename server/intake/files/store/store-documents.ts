import { partId } from '#domain/derived-id.ts'
import type { Instant } from '#domain/instant.ts'
import type { Store } from '#domain/store.ts'
import { type Admission, admit } from '#server/intake/admit.ts'
import type { Appender } from '#server/intake/append/appender.ts'
import {
  type Document,
  type DocumentEvent,
  type DocumentPart,
  eventsOfDocument,
} from '#server/intake/files/interpret/build-events.ts'
import type { RowMapping } from '#server/intake/files/interpret/mapping.ts'
import type { Rejected } from '#server/intake/outcome.ts'
import type { ReferenceData } from '#server/intake/stores/reference.ts'
import type { FigureTally } from './loaded-figures.ts'

/** Rows of an event that was not stored, and the event itself where the fault is its own. */
export interface RejectedEvent {
  rows: readonly number[]
  kind: DocumentPart['kind']
  store: string
  document: string
  reason: string
  detail: string
  /** The row at fault; null when the event is only set back with the rest of its document. */
  faultRow: number | null
  payload: string | null
}

export interface PageResult {
  appended: number
  duplicates: number
  rejected: RejectedEvent[]
}

export interface StoreContext {
  mapping: RowMapping
  reference: ReferenceData
  appender: Pick<Appender, 'append'>
  /** Told of every event that the log holds now. */
  tally: Pick<FigureTally, 'add'>
  clock(): Instant
}

interface Judged {
  part: DocumentEvent & Pick<DocumentPart, 'kind'>
  document: Document
  admission: Admission
}

/** Stores the documents of a page: each whole or not at all, but for an event whose id is known with another body. */
export async function storeDocuments(page: readonly Document[], context: StoreContext): Promise<PageResult> {
  const result: PageResult = { appended: 0, duplicates: 0, rejected: [] }
  const admitted: Judged[] = []
  for (const document of page) {
    const judged = judge(document, context)
    if (judged.every(({ admission }) => admission.kind === 'admitted')) admitted.push(...judged)
    else result.rejected.push(...judged.map(setBack))
  }
  const outcomes = await context.appender.append(
    admitted.map(({ admission }) => admission),
    0,
  )
  for (const [index, judged] of admitted.entries()) {
    const outcome = outcomes[index]
    if (outcome && 'rejection' in outcome) {
      result.rejected.push(rejectedEventOf(judged, outcome))
      continue
    }
    if (outcome?.kind === 'appended') result.appended += 1
    else if (outcome?.kind === 'duplicate') result.duplicates += 1
    if (judged.admission.kind === 'admitted') context.tally.add(judged.admission.events)
  }
  return result
}

function judge(document: Document, { mapping, reference, clock }: StoreContext): Judged[] {
  const store = storeOf(document, reference)
  return eventsOfDocument(document, mapping, store).map((built, index) => ({
    part: { ...built, kind: document.parts[index]?.kind ?? 'o' },
    document,
    admission: admit({ value: built.event }, { reference, now: clock(), class: 'bulk', part: built.part }),
  }))
}

/** Staging let only rows of known stores pass. */
function storeOf({ store }: Document, { stores }: ReferenceData): Store {
  const found = stores.get(store)
  if (!found) throw new Error(`store ${store} was known when its rows were read`)
  return found
}

function setBack(judged: Judged): RejectedEvent {
  const { admission, document } = judged
  if (admission.kind !== 'admitted') return rejectedEventOf(judged, admission)
  return {
    ...headerOf(judged),
    reason: 'document_set_back',
    detail: `document ${document.document} is set back whole: another part of it is rejected`,
    faultRow: null,
    payload: null,
  }
}

function rejectedEventOf(judged: Judged, { kind, rejection }: Rejected): RejectedEvent {
  const { rows, event, part } = judged.part
  const payload = part === undefined ? event : { ...event, id: partId(event.id, part) }
  const detail =
    kind === 'conflict'
      ? 'the log holds this document with another content: the first stands'
      : rejection.detail
  // 'lines[3].sku: …' is the fourth row of the event.
  const line = /^lines\[(\d+)\]/.exec(detail)?.[1]
  const faultRow = rows[Number(line ?? 0)] ?? rows[0] ?? null
  return { ...headerOf(judged), reason: rejection.reason, detail, faultRow, payload: JSON.stringify(payload) }
}

function headerOf({ part, document }: Judged): Pick<RejectedEvent, 'rows' | 'kind' | 'store' | 'document'> {
  return { rows: part.rows, kind: part.kind, store: document.store, document: document.document }
}
