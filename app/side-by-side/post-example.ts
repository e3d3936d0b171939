import type { StoreSummary } from '#app/trpc/router-outputs.ts'

/** A command for a shell that makes one sale now, in a store that exists. Each run is another sale. */
export function postExample(
  origin: string,
  store: Pick<StoreSummary, 'store' | 'channel' | 'currency'>,
): string {
  // '…' ends the quotes around the body, so that the shell fills in the time.
  const event = {
    source: 'try-it',
    id: `'$(date +%s)'`,
    type: 'order.placed',
    store: store.store,
    channel: store.channel,
    eventTime: `'$(date -u +%FT%TZ)'`,
    orderId: `T-'$(date +%s)'`,
    currency: store.currency,
    lines: [{ sku: '85123A', units: 2, unitPrice: '2.55' }],
  }
  return `curl ${origin}/api/v1/events -H 'Content-Type: application/json' -d '${JSON.stringify(event)}'`
}
