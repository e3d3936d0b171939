/** What came of an attempt to deliver, in words for people. */
export type Outcome =
  | { kind: 'delivered'; detail: string }
  /** It may go well later. */
  | { kind: 'retry'; detail: string; retryAfterMs: number | null }
  /** Trying again changes nothing. */
  | { kind: 'failed'; detail: string }
  /** Nobody is there any more: nothing is sent there again. */
  | { kind: 'gone'; detail: string }

/** One message as every way is given it. */
export interface OutgoingAlert {
  alertId: string
  kind: string
  rule: string
  severity: string
  store: string
  title: string
  detail: string
  /** A path of the dashboard. */
  href: string
}

/** A delivery that this process has taken: what goes, and where. */
export interface Outgoing {
  delivery: number
  subscription: number
  way: 'app' | 'browser' | 'push' | 'email' | 'webhook'
  person: string | null
  address: string | null
  pushKeys: { p256dh: string; auth: string } | null
  secret: string | null
  /** From 1. */
  attempts: number
  createdAt: number
  isTest: boolean
  alerts: OutgoingAlert[]
}

/** What the ways need of this installation. */
export interface NotifySettings {
  /** Undefined: mails are kept in the outbox. */
  smtpUrl: string | undefined
  mailFrom: string
  /** Where links lead, without a slash at its end. */
  dashboardUrl: string
  /** Hosts in a private network that are called all the same. */
  privateWebhooks: readonly string[]
}

/** What an answer over HTTP means for a message. */
export function outcomeOfStatus({
  status,
  body,
  retryAfterMs,
}: {
  status: number
  body: string
  retryAfterMs: number | null
}): Outcome {
  const said = body.trim() === '' ? '' : `: ${body.trim().slice(0, 200)}`
  const detail = `answered ${status}${said}`
  if (status >= 200 && status < 300) return { kind: 'delivered', detail: `answered ${status}` }
  if (status === 410) return { kind: 'gone', detail }
  // Receivers are set up and mended while messages come: a refusal (401, 404) is tried again as well.
  return { kind: 'retry', detail, retryAfterMs }
}

export const TEST_TITLE = 'A test of your notifications'
export const TEST_DETAIL = 'Alerts that you want to hear of arrive like this.'
