import type { RejectionReason } from './event.ts'

/** Why the importer of files set a row or a document back, beside what any event may be refused for. */
type ImportReason =
  | 'document_set_back'
  | 'half_set_aside'
  | 'invalid_row'
  | 'no_rule'
  | 'rows_contradict'
  | 'too_many_lines'

const WORDS: Readonly<Record<RejectionReason | ImportReason, string>> = {
  invalid_json: 'it is no JSON',
  unknown_type: 'its type is none that exists',
  unknown_field: 'it has a field that does not exist',
  invalid_field: 'a field is missing or holds what it may not',
  unstorable_text: 'a text holds characters that cannot be stored',
  unknown_store: 'its store is not known',
  clock_skew: 'its time lies ahead: the till’s clock is fast',
  absurd_amount: 'an amount is larger than any sale',
  tenders_differ: 'its payments do not add up to its total',
  conflicting_duplicate: 'its id is taken by an event that says something else',
  document_set_back: 'another row of its document is wrong',
  half_set_aside: 'a rule sets a part of its document aside, and not the rest',
  invalid_row: 'a row of the file cannot be read',
  no_rule: 'no rule of the mapping says what the row is',
  rows_contradict: 'rows of one document contradict each other',
  too_many_lines: 'its document has too many lines',
}

/** A reason as people read it; null for one that this version does not know. */
export function reasonInWords(reason: string): string | null {
  return Object.hasOwn(WORDS, reason) ? WORDS[reason as keyof typeof WORDS] : null
}
