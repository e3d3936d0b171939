import type { Instant } from '#domain/instant.ts'
import { netOf, salesEffect } from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'
import type { AlertKind, Judgement, Receipt } from './alert.ts'
import type { OperatorEvent } from './event.ts'
import type { OperatorReference } from './reference.ts'
import type { Windower } from './windower.ts'

/** A number that people may set. */
export interface Parameter {
  title: string
  /** e.g. 'minutes', 'orders', '%' */
  unit: string
  least: number
  most: number
  /** As the rule comes. */
  initial: number
}

export type Parameters = Readonly<Record<string, Parameter>>
export type ValuesOf<P extends Parameters> = { readonly [Name in keyof P]: number }

/** What the rule joins its events with. */
export interface InputContext<P extends Parameters> {
  parameters: ValuesOf<P>
  reference: OperatorReference
}

/** What a judgement may look at beside the items. */
export interface JudgeContext<P extends Parameters> extends InputContext<P> {
  store: string
  /** Within the store. */
  key: string
}

/** What people see of a rule, and set: the same of those of the stream and of those of the batch path. */
export interface RuleDeclaration<P extends Parameters> {
  /** As the alert names it. */
  name: string
  kind: AlertKind
  title: string
  /** What it finds, in a sentence, with its parameters. */
  describe(parameters: ValuesOf<P>): string
  /** Where the idea comes from. */
  source: string
  parameters: P
}

/**
 * A rule: which events it looks at and by which key, how those of a key hold together in event time, and when they say
 * that a person should look. Declared as data and pure functions, one file a rule; the engine (`fold.ts`) does the rest.
 */
export interface Rule<P extends Parameters, Item, State, View> extends RuleDeclaration<P> {
  /**
   * Filter, key and map, joined with reference data as of the event's time: null where the event does not concern the
   * rule, and nothing is kept of it. Keys are scoped to the event's store.
   */
  input(event: OperatorEvent, context: InputContext<P>): { key: string; item: Item } | null
  window(parameters: ValuesOf<P>): Windower<Item, State, View>
  /** After each item of a key. Null: nothing to be looked at. Without it, the clock alone judges. */
  judge?(view: View, context: JudgeContext<P> & { event: OperatorEvent; item: Item }): Judgement | null
  /**
   * After each minute that the watermark passes, for every key with a state: what is judged by what does not come.
   * @param context.at the minute
   */
  judgeAt?(state: State, context: JudgeContext<P> & { at: Instant }): Judgement | null
  /** Open until its key has been quiet, and then left to people; or until it is judged to be over. */
  ends: 'with its window' | 'by itself'
}

/** A rule as a declaration, with the types of its own checked together. */
export function rule<P extends Parameters, Item, State, View>(
  declared: Rule<P, Item, State, View>,
): Rule<P, Item, State, View> {
  return declared
}

/** A rule among others, whatever it keeps. */
// biome-ignore lint/suspicious/noExplicitAny: each rule's own types were checked where it is declared
export type AnyRule = Rule<any, any, any, any>

/** What a version sets, and for the rest what the rule brings. */
export function valuesOf<P extends Parameters>(
  parameters: P,
  set: Readonly<Record<string, number>> = {},
): ValuesOf<P> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { initial }]) => [name, set[name] ?? initial]),
  ) as ValuesOf<P>
}

/** What a receipt is written from. */
type Documented = Omit<Receipt, 'net'> &
  Pick<OperatorEvent, 'type' | 'totalUnits' | 'totalGross' | 'totalDiscounts' | 'totalReturns'>

/** The last one that was asked for: several rules look at the same event, one after the other. */
let made: { document: Documented; receipt: Receipt } | null = null

/** The document of an event as evidence: not to be changed, others hold it too. */
export function receiptOf(document: Documented): Receipt {
  if (made?.document !== document) made = { document, receipt: writeReceipt(document) }
  return made.receipt
}

function writeReceipt(event: Documented): Receipt {
  const { source, id, type, orderId, register, eventTime, currency } = event
  const effect = salesEffect(event)
  return {
    source,
    id,
    type,
    orderId,
    register,
    eventTime,
    net: formatAmount(effect ? netOf(effect) : 0),
    currency,
  }
}
