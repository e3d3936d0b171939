import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterInputs } from '#app/trpc/router-outputs.ts'

type Orders = RouterInputs['orders']

/** What came of the last press. */
export interface Outcome {
  done: string | null
  failed: string | null
}

interface Deeds {
  place(order: string): Promise<boolean>
  discard(order: string): Promise<boolean>
  editLine(edit: Orders['editLine']): Promise<boolean>
  editDraft(edit: Orders['editDraft']): Promise<boolean>
  confirm(order: Orders['confirm']): Promise<boolean>
  receive(delivery: Orders['receive']): Promise<boolean>
  cancelRest(order: string): Promise<boolean>
  shareOut(share: Orders['shareOut']): Promise<boolean>
}

/** What one can do about an order. Each resolves to whether it was done; what it came to is in `outcome`. */
export function useOrderDeeds(): { deeds: Deeds; isBusy: boolean; outcome: Outcome } {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const [outcome, setOutcome] = useState<Outcome>({ done: null, failed: null })
  const place = useMutation(trpc.orders.place.mutationOptions())
  const discard = useMutation(trpc.orders.discard.mutationOptions())
  const editLine = useMutation(trpc.orders.editLine.mutationOptions())
  const editDraft = useMutation(trpc.orders.editDraft.mutationOptions())
  const confirm = useMutation(trpc.orders.confirm.mutationOptions())
  const receive = useMutation(trpc.orders.receive.mutationOptions())
  const cancelRest = useMutation(trpc.orders.cancelRest.mutationOptions())
  const shareOut = useMutation(trpc.orders.shareOut.mutationOptions())
  const all = [shareOut, place, discard, editLine, editDraft, confirm, receive, cancelRest]

  async function attempt(
    deed: () => Promise<{ waiting: number; detail: string | null } | undefined>,
    done: string,
  ): Promise<boolean> {
    setOutcome({ done: null, failed: null })
    try {
      const sending = await deed()
      setOutcome({ done: sending?.detail ? `${done} ${sending.detail}` : done, failed: null })
      return true
    } catch (error) {
      setOutcome({ done: null, failed: error instanceof Error ? error.message : String(error) })
      return false
    } finally {
      void queryClient.invalidateQueries(trpc.restock.pathFilter())
      // Whoever pressed sees what it came to before it counts as done.
      await queryClient.invalidateQueries(trpc.orders.pathFilter())
    }
  }

  return {
    isBusy: all.some(({ isPending }) => isPending),
    outcome,
    deeds: {
      place: order => attempt(() => place.mutateAsync({ order }), `${order} is placed.`),
      discard: order => attempt(() => discard.mutateAsync({ order }).then(none), `${order} is discarded.`),
      editLine: edit => attempt(() => editLine.mutateAsync(edit).then(none), 'Kept.'),
      editDraft: edit => attempt(() => editDraft.mutateAsync(edit).then(none), 'Kept.'),
      confirm: given => attempt(() => confirm.mutateAsync(given), `${given.order} is confirmed.`),
      shareOut: share =>
        attempt(() => shareOut.mutateAsync(share).then(none), 'Shared out by who runs out first.'),
      receive: delivery => attempt(() => receive.mutateAsync(delivery), 'What came is booked.'),
      cancelRest: order =>
        attempt(() => cancelRest.mutateAsync({ order }), 'Nothing more of it is expected.'),
    },
  }
}

function none(): undefined {}
