import { Webhook } from 'standardwebhooks'
import { OutboundRefusedError, postOutbound } from '#platform/http/outbound.ts'
import {
  type NotifySettings,
  type Outcome,
  type Outgoing,
  type OutgoingAlert,
  outcomeOfStatus,
  TEST_DETAIL,
  TEST_TITLE,
} from '#server/notify/outcome.ts'

const TIMEOUT_MS = 15_000
const MAX_REDIRECTS = 3

/**
 * Posts to a webhook as Standard Webhooks say: signed, under an id that stays the same however often it is tried, so that
 * a receiver knows what it has had. `text` is for chats that show just that (Slack, Mattermost).
 */
export async function sendWebhook(outgoing: Outgoing, settings: NotifySettings): Promise<Outcome> {
  const { address, secret, delivery } = outgoing
  if (address === null || secret === null) return { kind: 'failed', detail: 'it has no address' }
  const id = `msg_${delivery}`
  const sentAt = new Date()
  const body = JSON.stringify(payloadOf(outgoing, settings))
  try {
    const answer = await postOutbound(
      {
        url: address,
        body,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Tillstream',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(id, sentAt, body),
        },
      },
      { privateHosts: settings.privateWebhooks, timeoutMs: TIMEOUT_MS, maxRedirects: MAX_REDIRECTS },
    )
    return outcomeOfStatus(answer)
  } catch (error) {
    if (error instanceof OutboundRefusedError) return { kind: 'failed', detail: error.message }
    throw error
  }
}

function payloadOf(outgoing: Outgoing, { dashboardUrl }: NotifySettings) {
  const { subscription, isTest, alerts, createdAt } = outgoing
  return {
    type: isTest ? 'test' : 'alerts.raised',
    timestamp: new Date(createdAt).toISOString(),
    text: isTest ? `${TEST_TITLE}. ${TEST_DETAIL}` : chatText(alerts, dashboardUrl),
    data: {
      subscription,
      alerts: alerts.map(({ href, ...alert }) => ({ ...alert, url: dashboardUrl + href })),
    },
  }
}

/** In a chat a longer list hides what was said before it. */
const MOST_LINES = 20

/** A line an alert, in Slack's own marks. */
function chatText(alerts: readonly OutgoingAlert[], dashboardUrl: string): string {
  const lines = alerts.slice(0, MOST_LINES).map(({ severity, title, detail, href }) => {
    const sign = severity === 'critical' ? '*Critical* ' : ''
    return `${sign}<${dashboardUrl}${href}|${escapeChat(title)}>: ${escapeChat(detail)}`
  })
  const more = alerts.length - lines.length
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
}

/** Product names are what people typed: none of them mentions a channel or makes a link. */
function escapeChat(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('|', '¦')
}
