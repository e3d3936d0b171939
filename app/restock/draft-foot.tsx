import { useMutation, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import { formatMoney } from '#app/format/money.ts'
import { plural } from '#app/format/number.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'
import { formatAmount, parseAmount } from '#domain/money.ts'

type Proposals = RouterOutputs['restock']['proposals']
type Supplier = Proposals['suppliers'][number]
type Line = Supplier['lines'][number]

/** The lines one would order. All that can be are chosen until one takes some out. */
export interface Choice {
  chosen: { supplier: Supplier; line: Line }[]
  isChosen(line: Line): boolean
  choose(line: Line, isChosen: boolean): void
}

/** Whom to order from and how much must be known. */
export function canOrder({ supplier }: Supplier, { suggestedUnits }: Line): boolean {
  return supplier !== null && suggestedUnits !== null && suggestedUnits > 0
}

const keyOf = ({ store, sku }: Line) => JSON.stringify([store, sku])

export function useChoice(proposals: Proposals | undefined): Choice {
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  return {
    chosen: (proposals?.suppliers ?? []).flatMap(supplier =>
      supplier.lines
        .filter(line => canOrder(supplier, line) && !left.has(keyOf(line)))
        .map(line => ({ supplier, line })),
    ),
    isChosen: line => !left.has(keyOf(line)),
    choose(line, isChosen) {
      const next = new Set(left)
      if (isChosen) next.delete(keyOf(line))
      else next.add(keyOf(line))
      setLeft(next)
    },
  }
}

/** What is chosen, what it comes to, and the press that drafts it, in sight however long the lists are. */
export function DraftFoot({ choice: { chosen } }: { choice: Choice }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const draft = useMutation({
    ...trpc.orders.draft.mutationOptions(),
    onSuccess: () => queryClient.invalidateQueries(trpc.orders.pathFilter()),
  })
  const suppliers = new Set(chosen.map(({ supplier }) => supplier.supplier)).size
  const drafted = draft.data?.orders.length ?? 0
  return (
    <div className="sticky bottom-0 z-20 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-card border border-line bg-panel px-4 py-2.5 text-xs shadow-popup">
      <p>
        {plural(chosen.length, 'line')}, {plural(suppliers, 'supplier')}
        {chosen.length > 0 ? `, ${valueText(chosen.map(({ line }) => line))}` : ''}
      </p>
      <div className="min-w-40 grow">
        <OutcomeLine
          done={draft.isSuccess ? `${plural(drafted, 'order')} drafted: not placed yet.` : null}
          failed={draft.error?.message ?? null}
        />
      </div>
      {draft.isSuccess ? (
        <Link href="/restock/orders" className={buttonLook()}>
          See the drafts
        </Link>
      ) : null}
      <Button
        disabled={chosen.length === 0 || draft.isPending}
        className="border-text bg-text text-bg hover:bg-text/90"
        onClick={() =>
          draft.mutate({
            lines: chosen.map(({ line }) => ({
              store: line.store,
              sku: line.sku,
              units: line.suggestedUnits ?? 0,
            })),
          })
        }
      >
        Draft orders
      </Button>
    </div>
  )
}

/** What lines cost, by currency: several are never added up. */
function valueText(lines: readonly Line[]): string {
  return [...Map.groupBy(lines, ({ currency }) => currency ?? '')]
    .filter(([currency]) => currency !== '')
    .map(([currency, own]) => {
      const total = own.reduce((sum, { cost }) => sum + (cost === null ? 0 : (parseAmount(cost) ?? 0)), 0)
      return `${formatMoney(formatAmount(total), currency)} ${currency}`
    })
    .join(' + ')
}
