import { Menu } from '@base-ui/react/menu'
import { useMutation } from '@tanstack/react-query'
import { ChevronDown } from 'lucide-react'
import { useActor } from '#app/controls/actor.tsx'
import { plural } from '#app/format/number.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterInputs, RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'

type Alert = RouterOutputs['restock']['alerts']['alerts'][number]

/** What one can do about an alert: say that it is taken care of, look away for a while, or take that back. */
export function AlertActions({ alert, act, busy }: { alert: Alert; act: Act; busy: boolean }) {
  const { alertId, state } = alert
  const about = `${alert.productName ?? alert.sku}, ${alert.store}`
  if (state === 'acknowledged' || state === 'snoozed' || state === 'dismissed') {
    return (
      <Button
        kind="row"
        disabled={busy}
        aria-label={`Reopen: ${about}`}
        onClick={() => act([alertId], { kind: 'reopen' })}
      >
        Reopen
      </Button>
    )
  }
  return (
    <span className="inline-flex gap-1.5">
      <Button
        kind="row"
        disabled={busy}
        aria-label={`Acknowledge: ${about}`}
        onClick={() => act([alertId], { kind: 'acknowledge' })}
      >
        Acknowledge
      </Button>
      <Menu.Root>
        <Menu.Trigger disabled={busy} aria-label={`Snooze: ${about}`} className={buttonLook({ kind: 'row' })}>
          Snooze
          <ChevronDown className="-mx-0.5 size-3.5 text-muted" />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner sideOffset={6} align="end" collisionPadding={8} className="z-40">
            <Menu.Popup className="rounded-card border border-line bg-panel p-1 text-xs shadow-popup outline-none">
              <Menu.Item className={ITEM} onClick={() => act([alertId], { kind: 'snooze', until: 'hour' })}>
                For an hour
              </Menu.Item>
              <Menu.Item
                className={ITEM}
                onClick={() => act([alertId], { kind: 'snooze', until: 'tomorrow' })}
              >
                Until the store's next day
              </Menu.Item>
              <Menu.Group className="mt-1 border-t border-line pt-1">
                <Menu.GroupLabel className="px-2.5 py-1 text-2xs text-muted">
                  Dismiss until it is over
                </Menu.GroupLabel>
                {REASONS.map(reason => (
                  <Menu.Item
                    key={reason}
                    className={ITEM}
                    onClick={() => act([alertId], { kind: 'dismiss', reason })}
                  >
                    {reason}
                  </Menu.Item>
                ))}
              </Menu.Group>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </span>
  )
}

const REASONS = ['No longer sold here', 'The stock is wrong', 'Enough for now'] as const

const ITEM =
  'flex min-h-9 min-w-40 items-center rounded-md px-2.5 outline-none select-none data-highlighted:bg-faint pointer-coarse:min-h-11'

type Action = RouterInputs['restock']['act']['action']

export type Act = (alertIds: string[], action: Action) => void

const DONE: Record<Action['kind'], string> = {
  acknowledge: 'Acknowledged',
  snooze: 'Snoozed',
  dismiss: 'Dismissed',
  reopen: 'Opened again',
}

/** Does something about alerts, under the name given, and takes it back. */
export function useAct(): {
  act: Act
  /** What was done last, until it is taken back; null: nothing. */
  done: string | null
  undo: () => void
  isActing: boolean
  failure: string | null
} {
  const trpc = useTRPC()
  const by = useActor()
  const { mutate, isPending, isSuccess, variables, error } = useMutation(trpc.restock.act.mutationOptions())
  const last = isSuccess && variables.action.kind !== 'reopen' ? variables : null
  return {
    act: (alertIds, action) => mutate({ alertIds, action, by }),
    done: last && `${DONE[last.action.kind]}: ${plural(last.alertIds.length, 'shortage')}.`,
    undo: () => last && mutate({ alertIds: last.alertIds, action: { kind: 'reopen' }, by }),
    isActing: isPending,
    failure: error ? error.message : null,
  }
}
