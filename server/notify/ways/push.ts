import type { Sql } from '#db/client.ts'
import { tellTogether } from '#domain/notify/words.ts'
import { OutboundRefusedError, postOutbound } from '#platform/http/outbound.ts'
import {
  type NotifySettings,
  type Outcome,
  type Outgoing,
  outcomeOfStatus,
  TEST_DETAIL,
  TEST_TITLE,
} from '#server/notify/outcome.ts'
import { readPushKeys } from '#server/serving/notifications/push-keys.ts'

const TIMEOUT_MS = 15_000
/** A browser that was off for longer is not told of yesterday's alerts. */
const KEPT_SECONDS = 12 * 3_600

/**
 * Sends a notification to a browser by its push service, encrypted for that browser (RFC 8291), signed by this
 * installation (RFC 8292). One that comes twice replaces itself: its tag is the delivery.
 */
export async function sendPush(outgoing: Outgoing, settings: NotifySettings, sql: Sql): Promise<Outcome> {
  const { address, pushKeys, delivery, isTest, alerts } = outgoing
  if (address === null || pushKeys === null) return { kind: 'failed', detail: 'it has no address' }
  const { default: webPush } = await import('web-push')
  const told = isTest
    ? { title: TEST_TITLE, detail: TEST_DETAIL, href: '/notifications' }
    : tellTogether(alerts)
  const payload = {
    title: told.title.slice(0, 200),
    body: told.detail.slice(0, 400),
    href: told.href,
    tag: `delivery-${delivery}`,
  }
  const isCritical = alerts.some(({ severity }) => severity === 'critical')
  const { endpoint, headers, body } = webPush.generateRequestDetails(
    { endpoint: address, keys: pushKeys },
    JSON.stringify(payload),
    {
      TTL: KEPT_SECONDS,
      urgency: isCritical ? 'high' : 'normal',
      vapidDetails: { subject: subjectOf(settings), ...(await readPushKeys(sql)) },
    },
  )
  try {
    const answer = await postOutbound(
      {
        url: endpoint,
        headers: Object.fromEntries(
          Object.entries(headers as Record<string, string | number>).map(([name, value]) => [
            name.toLowerCase(),
            String(value),
          ]),
        ),
        body: body ?? '',
      },
      { privateHosts: settings.privateWebhooks, timeoutMs: TIMEOUT_MS },
    )
    // So a push service says that the browser has unsubscribed, or is no more.
    if (answer.status === 404) return { kind: 'gone', detail: 'answered 404' }
    return outcomeOfStatus(answer)
  } catch (error) {
    if (error instanceof OutboundRefusedError) return { kind: 'failed', detail: error.message }
    throw error
  }
}

/** Whom a push service writes to when this installation misbehaves. */
function subjectOf({ mailFrom }: NotifySettings): string {
  return `mailto:${/<([^>]+)>/.exec(mailFrom)?.[1] ?? mailFrom}`
}
