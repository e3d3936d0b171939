import type { Sql } from '#db/client.ts'
import { tellTogether } from '#domain/notify/words.ts'
import { messageOf } from '#platform/command.ts'
import { deadline } from '#platform/time.ts'
import {
  type NotifySettings,
  type Outcome,
  type Outgoing,
  TEST_DETAIL,
  TEST_TITLE,
} from '#server/notify/outcome.ts'

const CONNECT_MS = 10_000
const ANSWER_MS = 15_000
const ALL_MS = 40_000

/**
 * Sends a mail, or, where the installation has no mail server, lays it into the outbox. However often it is tried it has
 * one Message-ID, by which a mail server knows what it has had.
 */
export async function sendEmail(outgoing: Outgoing, settings: NotifySettings, sql: Sql): Promise<Outcome> {
  const { address, delivery } = outgoing
  if (address === null) return { kind: 'failed', detail: 'it has no address' }
  const { subject, body } = mailOf(outgoing, settings)
  if (settings.smtpUrl === undefined) {
    await sql`
      insert into notify.outbox (delivery, recipient, subject, body)
      values (${delivery}, ${address}, ${subject}, ${body}) on conflict do nothing`
    return {
      kind: 'delivered',
      detail: 'kept in the outbox: this installation has no mail server (SMTP_URL)',
    }
  }
  const { createTransport } = await import('nodemailer')
  const transport = createTransport({
    url: settings.smtpUrl,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: ANSWER_MS,
    // A body names no files and no addresses to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    const sent = await deadline(
      transport.sendMail({
        from: settings.mailFrom,
        to: { name: '', address },
        subject,
        text: body,
        messageId: `<delivery-${delivery}@${new URL(settings.dashboardUrl).hostname}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      }),
      ALL_MS,
    )
    return { kind: 'delivered', detail: `the mail server took it: ${String(sent.response).slice(0, 200)}` }
  } catch (error) {
    const detail = messageOf(error).slice(0, 300)
    // 5xx: the server will never take it (RFC 5321, 4.2.1). Wrong credentials are mended by who runs this.
    const { responseCode = 0, code } = error as { responseCode?: number; code?: string }
    const isFinal = responseCode >= 500 && code !== 'EAUTH'
    return isFinal ? { kind: 'failed', detail } : { kind: 'retry', detail, retryAfterMs: null }
  } finally {
    transport.close()
  }
}

const MOST_LINES = 100

/** Subject and plain text of a mail. */
export function mailOf(
  { alerts, isTest }: Pick<Outgoing, 'alerts' | 'isTest'>,
  { dashboardUrl }: Pick<NotifySettings, 'dashboardUrl'>,
): { subject: string; body: string } {
  const foot = `What you are told, and when: ${dashboardUrl}/notifications`
  if (isTest) return { subject: TEST_TITLE, body: `${TEST_DETAIL}\n\n${foot}\n` }
  const { title, detail } = tellTogether(alerts)
  const isCritical = alerts.some(({ severity }) => severity === 'critical')
  const lines = alerts
    .slice(0, MOST_LINES)
    .map(
      alert =>
        `${alert.severity === 'critical' ? 'Critical: ' : ''}${alert.title}\n  ${alert.detail}\n  ${dashboardUrl}${alert.href}\n`,
    )
  const more = alerts.length - lines.length
  return {
    subject: oneLine(
      `${isCritical ? 'Critical: ' : ''}${alerts.length === 1 ? title : `${title} (${detail})`}`,
    ),
    body: [...lines, ...(more > 0 ? [`and ${more} more.\n`] : []), foot, ''].join('\n'),
  }
}

/** A subject is one line, whatever a product is called. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 200)
}
