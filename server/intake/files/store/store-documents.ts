import type { Store } from '#domain/enrich.ts'
import type { Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { admitEvent } from '#server/intake/admit.ts'
import type { EventSink, StoreOutcome } from '#server/intake/append/event-sink.ts'
import { type DocumentEvent, eventsOfDocument } from '#server/intake/files/interpret/build-events.ts'
import type { Document, DocumentPart } from '#server/intake/files/interpret/documents.ts'
import type { RowMapping } from '#server/intake/files/interpret/mapping.ts'
import type { ReferenceData } from '#server/intake/reference.ts'

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
  sink: Pick<EventSink, 'store'>
  clock(): Instant
}

interface Admitted {
  part: DocumentEvent & Pick<DocumentPart, 'kind'>
  document: Document
  events: LogEvent[]
}

/** Stores the documents of a page: each whole or not at all, but for an event whose id is known with another body. */
export async function storeDocuments(page: readonly Document[], context: StoreContext): Promise<PageResult> {
  const result: PageResult = { appended: 0, duplicates: 0, rejected: [] }
  const admitted: Admitted[] = []
  for (const document of page) {
    const judged = judge(document, context)
    if ('rejected' in judged) result.rejected.push(...judged.rejected)
    else admitted.push(...judged.admitted)
  }
  if (admitted.length === 0) return result
  const outcomes = await context.sink.store(
    admitted.map(entry => entry.events),
    0,
  )
  for (const [index, entry] of admitted.entries()) {
    const outcome = outcomes[index]
    if (outcome?.kind === 'accepted') result.appended += 1
    else if (outcome?.kind === 'duplicate') result.duplicates += 1
    else result.rejected.push(reject(entry, explain(outcome)))
  }
  return result
}

function judge(
  document: Document,
  { mapping, reference, clock }: StoreContext,
): { admitted: Admitted[] } | { rejected: RejectedEvent[] } {
  const store = storeOf(document, reference)
  const parts = eventsOfDocument(document, mapping, store).map((built, index) => ({
    ...built,
    kind: document.parts[index]?.kind ?? 'o',
  }))
  const admissions = parts.map(part => admitEvent(part.event, { reference, now: clock(), class: 'bulk' }))
  if (!admissions.some(admission => admission.kind === 'rejected')) {
    return {
      admitted: parts.map((part, index) => {
        const admission = admissions[index]
        return { part, document, events: admission?.kind === 'admitted' ? admission.events : [] }
      }),
    }
  }
  return {
    rejected: parts.map((part, index) => {
      const admission = admissions[index]
      if (admission?.kind === 'rejected') return reject({ part, document }, admission.rejection)
      return {
        ...rejectedHeader({ part, document }),
        reason: 'document_set_back',
        detail: `document ${document.document} is set back whole: another part of it is rejected`,
        faultRow: null,
        payload: null,
      }
    }),
  }
}

/** Staging let only rows of known stores pass. */
function storeOf({ store }: Document, { stores }: ReferenceData): Store {
  const found = stores.get(store)
  if (!found) throw new Error(`store ${store} was known when its rows were read`)
  return found
}

function reject(
  entry: Pick<Admitted, 'part' | 'document'>,
  { reason, detail }: { reason: string; detail: string },
): RejectedEvent {
  const { rows, event } = entry.part
  // 'lines[3].sku: …' is the fourth row of the event.
  const line = /^lines\[(\d+)\]/.exec(detail)?.[1]
  const faultRow = rows[Number(line ?? 0)] ?? rows[0] ?? null
  return { ...rejectedHeader(entry), reason, detail, faultRow, payload: JSON.stringify(event) }
}

function rejectedHeader({
  part,
  document,
}: Pick<Admitted, 'part' | 'document'>): Pick<RejectedEvent, 'rows' | 'kind' | 'store' | 'document'> {
  return { rows: part.rows, kind: part.kind, store: document.store, document: document.document }
}

function explain(outcome: StoreOutcome | undefined): { reason: string; detail: string } {
  if (outcome?.kind === 'refused') return { reason: 'invalid_field', detail: outcome.detail }
  return {
    reason: 'conflicting_duplicate',
    detail: 'the log holds this document with another content: the first stands',
  }
}
