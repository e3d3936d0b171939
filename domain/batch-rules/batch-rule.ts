import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { SalesDocument } from '#domain/measures.ts'
import type { Amount } from '#domain/money.ts'
import { type Alert, type Judgement, MOST_RECEIPTS, severityOfScore } from '#domain/operators/alert.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import { type Parameters, type RuleDeclaration, type ValuesOf, valuesOf } from '#domain/operators/rule.ts'
import type { StoreVersion } from '#domain/store.ts'

/*
 * Invariant: what a rule of the batch path says is a function of the log up to an append time. However the log was cut
 * into ticks, the same alerts stand under the same names.
 *
 *   documents of a key (order, card), in the log's order ──> judge ──> findings ──> batch.alerts
 *   units of a product by store, hour by hour ─────────────> judge ──┘
 *
 * The rules of the stream have keys within a store (domain/rules). What needs several stores, or orders of weeks ago, is
 * here.
 */

/** A sales document as rules of the batch path see it. */
export interface RuleDocument {
  partition: number
  offset: number
  appendedAt: Instant
  eventTime: Instant
  businessDay: BusinessDay
  type: SalesDocument
  source: string
  id: string
  store: string
  register: string | null
  channel: string
  currency: string | null
  /** Its own number. */
  orderId: string | null
  /** The order that it is, voids or gives back; null: a return that names none. */
  order: string | null
  cardToken: string | null
  entryMode: string | null
  totalUnits: number
  totalGross: Amount
  totalDiscounts: Amount
  totalReturns: Amount
  totalTax: Amount
  /** Shipping, tips, fees, deposits. */
  totalCharges: Amount
  skus: readonly string[]
  units: readonly number[]
}

/** What judgements may look at beside the documents: facts with validity, and what is known of the log. */
export interface KeyedContext<P extends Parameters> {
  /** Append time up to which everything is known; nothing past it. */
  through: Instant
  /** The rule as it holds at an instant of event time; null where it is switched off. */
  ruleAt(at: Instant): { version: number; parameters: ValuesOf<P> } | null
  /** What a store is on the business day of an instant; null where it is not known. */
  storeAt(store: string, at: Instant): StoreVersion | null
  /** The first business day of which the log had documents of a store at an append time; null: it had none. */
  logBegan(store: string, asOf: Instant): BusinessDay | null
  /**
   * The append time at which a store's files up to a business day were in: of one that sends as it sells from the
   * beginning. Null while one is awaited.
   */
  filesIn(store: string, day: BusinessDay): Instant | null
}

/** An episode of a rule, as it stands at the end of the documents; of its receipts those that tell most come first. */
export interface Finding extends Judgement {
  /** Where it began: names it for good. */
  began: Pick<RuleDocument, 'partition' | 'offset'>
  ruleVersion: number
  /** Whom it is shown to; the register is that of the document it began with. */
  store: string
  register: string | null
  subject: string
  openedAt: Instant
  amendedAt: Instant
  /** Null while it lasts. */
  resolvedAt: Instant | null
}

/** A rule over all documents of an order, or of a card, in whatever stores they lie. */
export interface KeyedRule<P extends Parameters> extends RuleDeclaration<P> {
  /** Order: all that place it, void it, or name it as given back. Card: orders paid with it. */
  by: 'order' | 'card'
  /** Of a return whose order is not there: so long after its append it is looked at again, in ms. */
  waitsMs?(parameters: ValuesOf<P>): number
  /** @param documents in the log's order: by append time, then partition and offset */
  judge(documents: readonly RuleDocument[], context: KeyedContext<P>): Finding[]
}

/** What a store sold of a product. */
export interface StoreSales {
  store: string
  /** In the hours that are judged. */
  units: number
  /** Of each of the last days, those without any included. */
  days: readonly number[]
}

/** A rule over what stores sell of a product, hour by hour. */
export interface HourlyRule<P extends Parameters> extends RuleDeclaration<P> {
  by: 'product'
  /** How far back the units are counted; a day at most. */
  hours(parameters: ValuesOf<P>): number
  /** What must be there for it to be asked: units in each of so many stores. */
  asksFor(parameters: ValuesOf<P>): { stores: number; units: number }
  /** @param sales of stores that sold any, with enough days known; at the end of an hour */
  judge(
    sales: readonly StoreSales[],
    context: { parameters: ValuesOf<P>; sku: string },
  ): (Judgement & { store: string }) | null
}

// biome-ignore lint/suspicious/noExplicitAny: each rule's own parameters were checked where it is declared
export type AnyKeyedRule = KeyedRule<any>
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyHourlyRule = HourlyRule<any>
export type AnyBatchRule = AnyKeyedRule | AnyHourlyRule

/** A rule as a declaration, with its parameters checked together. */
export function keyedRule<P extends Parameters>(declared: KeyedRule<P>): KeyedRule<P> {
  return declared
}

/** As `keyedRule`. */
export function hourlyRule<P extends Parameters>(declared: HourlyRule<P>): HourlyRule<P> {
  return declared
}

/** The version of a rule that holds at an instant; null where it is switched off. */
export function ruleInForce(
  rule: AnyBatchRule,
  { ruleAt }: Pick<OperatorReference, 'ruleAt'>,
  at: Instant,
): { version: number; parameters: ValuesOf<Parameters> } | null {
  const version = ruleAt(rule.name, at)
  if (version?.isOn === false) return null
  return { version: version?.version ?? 1, parameters: valuesOf(rule.parameters, version?.parameters) }
}

/** An alert of the batch path, which has no place in one partition. */
export type BatchAlert = Omit<Alert, 'openedOffset' | 'amendedOffset'>

/** The alerts that a rule's findings are. */
export function alertOf(rule: AnyKeyedRule, finding: Finding): BatchAlert {
  const { began, receipts, score, resolvedAt, store, subject, ...fields } = finding
  return {
    ...fields,
    alertId: `${rule.name}/${store}/${subject}@${began.partition}-${began.offset}`,
    kind: rule.kind,
    rule: rule.name,
    store,
    subject,
    score,
    severity: severityOfScore(score),
    state: resolvedAt === null ? 'open' : 'resolved',
    resolvedAt,
    receipts: receipts.slice(0, MOST_RECEIPTS).sort((one, other) => one.eventTime - other.eventTime),
  }
}

/** The order of the log over all partitions. */
export function inLogOrder(one: RuleDocument, other: RuleDocument): number {
  return one.appendedAt - other.appendedAt || one.partition - other.partition || one.offset - other.offset
}
