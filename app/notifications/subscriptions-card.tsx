import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Bell, Globe, type LucideIcon, Mail, MonitorSmartphone, Webhook } from 'lucide-react'
import { useState } from 'react'
import { formatCount, plural } from '#app/format/number.ts'
import { formatMoment } from '#app/format/time.ts'
import {
  forWhom,
  type Subscription,
  type SubscriptionList,
  WAY_TITLES,
  type Way,
  wishesOf,
  wishesText,
} from '#app/notifications/notification-words.ts'
import { SubscriptionForm } from '#app/notifications/subscription-form.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, type CardQuery, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'
import { Chip } from '#app/ui/marks.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'

const ICONS: Record<Way, LucideIcon> = {
  app: Bell,
  browser: Globe,
  push: MonitorSmartphone,
  email: Mail,
  webhook: Webhook,
}

/** Everybody who is told of alerts, and the way to one more. */
export function SubscriptionsCard({
  query,
  stores,
  zone,
}: {
  query: CardQuery<SubscriptionList>
  stores: readonly StoreSummary[]
  zone: string
}) {
  const [opened, setOpened] = useState<number | 'new' | null>(null)
  const list = query.data
  const subscription = list?.subscriptions.find(one => one.subscription === opened)
  return (
    <Card title="Who is told" actions={<Button onClick={() => setOpened('new')}>Add a subscription</Button>}>
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-64" />}
        isEmpty={({ subscriptions }) => subscriptions.length === 0}
        empty={
          <EmptyState
            what="Nobody is told of anything."
            advice="Alerts are on their pages all the same. Add a subscription above to be told as they come."
          />
        }
      >
        {({ subscriptions, suppliers, now }) => (
          <ul aria-label="Subscriptions" className="grid grid-cols-1">
            {subscriptions.map(one => (
              <SubscriptionRow
                key={one.subscription}
                subscription={one}
                wishes={wishesText(one, { stores, suppliers })}
                told={toldText(one, zone, now)}
                onOpen={() => setOpened(one.subscription)}
              />
            ))}
          </ul>
        )}
      </CardContent>
      <DialogFrame
        isOpen={opened === 'new' || subscription !== undefined}
        title={subscription ? `${WAY_TITLES[subscription.way]}: ${forWhom(subscription)}` : 'A subscription'}
        description="What is open now is known: told is what comes from here on, each alert once, and once more when it becomes critical."
        onClose={() => setOpened(null)}
      >
        {list && opened !== null ? (
          <SubscriptionForm
            key={opened}
            subscription={subscription ?? null}
            list={list}
            stores={stores}
            onDone={() => setOpened(null)}
          />
        ) : null}
      </DialogFrame>
    </Card>
  )
}

/** `told 12 times in the last day, last at 14:30; 2 wait to be tried again; 1 failed`, or that it has told nothing yet. */
function toldText(
  { delivered, failed, retried, lastToldAt }: Subscription,
  zone: string,
  now: number,
): string {
  const last = lastToldAt === null ? null : `last at ${formatMoment(lastToldAt, zone, now)}`
  return [
    last === null
      ? 'nothing told yet'
      : delivered === 0
        ? `nothing told in the last day, ${last}`
        : `told ${plural(delivered, 'time')} in the last day, ${last}`,
    ...(retried > 0 ? [`${formatCount(retried)} not taken yet, tried again`] : []),
    ...(failed > 0 ? [`${formatCount(failed)} failed in the last day`] : []),
  ].join('; ')
}

function SubscriptionRow({
  subscription: one,
  wishes,
  told,
  onOpen,
}: {
  subscription: Subscription
  wishes: string
  told: string
  onOpen: () => void
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const refresh = () => queryClient.invalidateQueries(trpc.notifications.pathFilter())
  const test = useMutation(trpc.notifications.test.mutationOptions({ onSettled: refresh }))
  const change = useMutation(trpc.notifications.change.mutationOptions({ onSettled: refresh }))
  const { subscription, isOn, offBecause, way } = one
  const Icon = ICONS[way]
  const about = `${WAY_TITLES[way]}, ${forWhom(one)}`
  const failure = test.error ?? change.error
  return (
    <li className="grid gap-1 border-t border-line py-3 text-xs first:border-t-0">
      <div className="flex flex-wrap items-center gap-2">
        <span className="flex min-w-0 items-start gap-2">
          <Icon className="size-4 shrink-0 text-muted" />
          <h3 className="min-w-0 font-medium wrap-anywhere">
            {WAY_TITLES[way]}: {forWhom(one)}
          </h3>
        </span>
        <Chip tone={isOn ? 'good' : 'plain'}>{isOn ? 'on' : 'off'}</Chip>
        <span className="flex flex-wrap gap-1.5 sm:ml-auto">
          <Button
            kind="row"
            aria-label={`Send a test: ${about}`}
            disabled={test.isPending}
            onClick={() => test.mutate({ subscription })}
          >
            Send a test
          </Button>
          <Button
            kind="row"
            aria-label={`${isOn ? 'Switch off' : 'Switch on'}: ${about}`}
            disabled={change.isPending}
            onClick={() => change.mutate({ subscription, wishes: wishesOf(one), isOn: !isOn })}
          >
            {isOn ? 'Switch off' : 'Switch on'}
          </Button>
          <Button kind="row" aria-label={`Change: ${about}`} onClick={onOpen}>
            Change
          </Button>
        </span>
      </div>
      <p className="wrap-anywhere">{wishes}</p>
      <p className="text-2xs text-muted">{told}</p>
      {offBecause ? <p className="text-2xs text-bad wrap-anywhere">{offBecause}</p> : null}
      {test.data || failure ? (
        <OutcomeLine
          done={test.data ? 'A test is on its way: Deliveries says what comes of it.' : null}
          failed={failure ? failureText(failure) : null}
        />
      ) : null}
    </li>
  )
}
