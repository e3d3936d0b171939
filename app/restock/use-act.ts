'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useActor } from '#app/restock/actor.tsx'
import { useTRPC } from '#app/trpc/client.tsx'

type Action = { kind: 'acknowledge' } | { kind: 'snooze'; until: 'hour' | 'tomorrow' } | { kind: 'reopen' }

export type Act = (alertIds: string[], action: Action) => void

/** Does something about alerts, under the name given, and reads the list again. Other pages hear of it by the socket. */
export function useAct(): { act: Act; isActing: boolean; failure: string | null } {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const by = useActor()
  const { mutate, isPending, error } = useMutation({
    ...trpc.restock.act.mutationOptions(),
    onSettled: () => queryClient.invalidateQueries(trpc.restock.alerts.pathFilter()),
  })
  return {
    act: (alertIds, action) => mutate({ alertIds, action, by }),
    isActing: isPending,
    failure: error ? error.message : null,
  }
}
