import type { Overview, StoreSummary } from '#app/trpc/router-outputs.ts'
import { useHydrated } from '#app/ui/browser-state.ts'
import { Card, EmptyState } from '#app/ui/card.tsx'

/** The page of a system without a sale: how to get some, the quick way and the real one; or why none shows yet. */
export function EmptyLog({ overview }: { overview: Overview }) {
  const { stores, isLogEmpty, events } = overview
  const example = usePostExample(stores)
  return (
    <div className="grid items-start gap-3 lg:grid-cols-2">
      {isLogEmpty ? (
        <Card title="Look around">
          <EmptyState
            what="The log is empty."
            advice="The demo fills it with a small retailer and goes on selling. It needs an empty database and nothing else:"
            command="npm run demo"
          />
        </Card>
      ) : events > 0 ? (
        <Card title="No sales yet">
          <EmptyState
            what="The log holds events, and no sale among them."
            advice="Stock and other events are counted; the first sale shows here at once."
          />
        </Card>
      ) : (
        <Card title="Nothing read yet">
          <EmptyState
            what="The log holds events that no path has read."
            advice="Nothing is known of their sales yet. The stream reads them as soon as it runs:"
            command="npm start -- stream"
          />
        </Card>
      )}
      {example ? (
        <Card title="Send a sale">
          <EmptyState
            what="Stores are there, sales are not."
            advice="The first one shows here at once:"
            command={example}
          />
        </Card>
      ) : (
        <Card title="Bring your own tills">
          <EmptyState
            what="No store is known yet."
            advice="Say which there are (id, name, zone, cut-over, currency); then their tills can send, or files be imported:"
            command="npm run stores -- add stores.json"
          />
        </Card>
      )}
    </div>
  )
}

/** A command for a shell that makes one sale now, in the first of the stores; each run another. Undefined without any. */
export function usePostExample([store]: readonly StoreSummary[]): string | undefined {
  const origin = useHydrated() ? window.location.origin : 'http://127.0.0.1:3000'
  if (!store) return undefined
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
