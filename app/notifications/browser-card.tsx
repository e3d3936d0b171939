import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useActor } from '#app/controls/actor.tsx'
import { EVERYTHING, type SubscriptionList } from '#app/notifications/notification-words.ts'
import {
  askPermission,
  canPush,
  type NotificationPermissionState,
  notificationPermission,
  subscribeToPush,
} from '#app/shell/system-notifications.ts'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import { useHydrated } from '#app/ui/browser-state.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, type CardQuery } from '#app/ui/card.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'

const PERMISSIONS: Record<NotificationPermissionState, string> = {
  unsupported: 'This browser shows no notifications of web pages.',
  default: 'This browser has not been asked yet whether it may show notifications.',
  granted: 'This browser shows notifications of these pages.',
  denied: 'This browser was told to show none. The lock beside the address changes that.',
}

/** What this very browser shows: notifications of the system, and pushes while no page is open. */
export function BrowserCard({ query }: { query: CardQuery<SubscriptionList> }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const queryClient = useQueryClient()
  const actor = useActor()
  const isHydrated = useHydrated()
  const [asked, setAsked] = useState(0)
  const permission = isHydrated ? notificationPermission() : 'default'

  async function subscribe(way: 'browser' | 'push') {
    const given = await askPermission()
    setAsked(asked + 1)
    if (given !== 'granted') throw new Error(PERMISSIONS[given])
    const route =
      way === 'push' ? { way, ...(await subscribeToPush(query.data?.pushKey ?? '')) } : ({ way } as const)
    await client.notifications.create.mutate({ route, wishes: EVERYTHING, person: actor, by: actor })
    await queryClient.invalidateQueries(trpc.notifications.pathFilter())
  }
  const turnOn = useMutation({ mutationFn: subscribe })
  const isBusy = turnOn.isPending || query.data === undefined
  const hasBrowser =
    query.data?.subscriptions.some(one => one.way === 'browser' && one.person === actor) ?? false
  return (
    <Card title="This browser">
      <div className="grid gap-2 text-xs">
        <p>{PERMISSIONS[permission]}</p>
        <div className="flex flex-wrap gap-2">
          <Button
            disabled={isBusy || permission === 'unsupported' || (hasBrowser && permission === 'granted')}
            onClick={() => turnOn.mutate('browser')}
          >
            Notify me while a page is open
          </Button>
          <Button
            disabled={isBusy || !isHydrated || !canPush()}
            title={
              isHydrated && !canPush()
                ? 'Pushes need a page that came over TLS, or from this machine'
                : undefined
            }
            onClick={() => turnOn.mutate('push')}
          >
            Push to this browser
          </Button>
        </div>
        <p className="text-2xs text-muted">
          {actor === null
            ? 'Say who you are to be told as a person; otherwise it is for everybody who looks here.'
            : `For ${actor}. What of, and when, can be changed above.`}
        </p>
        <OutcomeLine
          done={turnOn.isSuccess ? 'On. "Send a test" above shows whether it arrives.' : null}
          failed={turnOn.error ? refusalText(turnOn.error) : null}
        />
      </div>
    </Card>
  )
}

/** What the browser says is said as it says it; what the server says as everywhere. */
function refusalText(error: unknown): string {
  return error instanceof DOMException ? `The browser refused: ${error.message}` : failureText(error)
}
