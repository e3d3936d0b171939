import { Card } from '#app/ui/card.tsx'
import { EmptyState } from '#app/ui/empty-state.tsx'

/** The page of a system that has no event yet: how to get some, the quick way and the real one. */
export function EmptyLog({ hasStores, example }: { hasStores: boolean; example: string | null }) {
  return (
    <div className="grid items-start gap-3 lg:grid-cols-2">
      <Card title="Look around">
        <EmptyState
          what="The log is empty."
          advice="The demo fills it with a small retailer and goes on selling. It needs an empty database and nothing else:"
          command="npm run demo"
        />
      </Card>
      {hasStores && example ? (
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
