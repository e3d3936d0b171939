import type { Instant } from '#domain/instant.ts'

export const ALERT_KINDS = ['fraud', 'anomaly', 'silence', 'pace'] as const
/** What an alert is about; shortages are episodes of stock and not among them. */
export type AlertKind = (typeof ALERT_KINDS)[number]

/** A figure that led to an alert, for people: what it is, what was measured, what would have been in order. */
export interface EvidenceFigure {
  label: string
  value: string
  /** What it was held against; absent where there is nothing to compare. */
  limit?: string
}

/** A document that led to an alert. */
export interface Receipt {
  source: string
  id: string
  type: string
  orderId: string | null
  register: string | null
  eventTime: Instant
  /** Decimal text, signed: a refund is negative. */
  net: string
  currency: string | null
}

/** What a rule says of what it has seen. */
export interface Judgement {
  /** How sure it is that a person should look: 0 to 100. */
  score: number
  /** A sentence with the figures in it. */
  summary: string
  figures: EvidenceFigure[]
  /** Oldest first. */
  receipts: Receipt[]
}

/** Receipts that one alert keeps: enough to judge by. */
export const MOST_RECEIPTS = 25

/** An episode of a rule: it begins with the event or the minute that first made it true. */
export interface Alert extends Judgement {
  /** Derived from where it began: a replay gives the same, so what people say of it stays. */
  alertId: string
  kind: AlertKind
  rule: string
  ruleVersion: number
  store: string
  register: string | null
  /** The key within the store that it is about: a card, a cashier, a register; '' for the store itself. */
  subject: string
  severity: 'warning' | 'critical'
  state: 'open' | 'resolved'
  openedAt: Instant
  openedOffset: number
  amendedAt: Instant
  amendedOffset: number
  resolvedAt: Instant | null
}

/** What is told of an alert, when it begins, becomes critical or ends. */
export type Detection = Pick<
  Alert,
  'alertId' | 'kind' | 'rule' | 'store' | 'subject' | 'severity' | 'score' | 'state' | 'openedAt' | 'summary'
>

/** What became of an alert by one event. */
export interface AlertChange {
  alert: Alert
  /** Whether people must hear of it: it began, became critical, or ended. Else only its figures moved. */
  isNews: boolean
}

const CRITICAL_SCORE = 75

export function severityOfScore(score: number): Alert['severity'] {
  return score >= CRITICAL_SCORE ? 'critical' : 'warning'
}
