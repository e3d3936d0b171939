import { useMutation, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { formatMoney } from '#app/format/money.ts'
import { plural } from '#app/format/number.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { OutcomeLine } from '#app/ui/form.tsx'
import { formatAmount, parseAmount } from '#domain/money.ts'

/** One product for one store, as it would be ordered. */
export interface OrderLine {
  store: string
  sku: string
  /** Whole packs. */
  units: number
  supplier: string
  /** Of all its units; null: not known. */
  cost: string | null
  currency: string | null
}

/**
 * What is chosen, what it comes to, and the press that drafts it, in sight however long the lists are.
 * @param props.children other presses for what is chosen
 */
export function DraftFoot({ lines, children }: { lines: readonly OrderLine[]; children?: ReactNode }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const draft = useMutation({
    ...trpc.orders.draft.mutationOptions(),
    onSuccess: () => queryClient.invalidateQueries(trpc.orders.pathFilter()),
  })
  const suppliers = new Set(lines.map(({ supplier }) => supplier)).size
  const drafted = draft.data?.orders.length ?? 0
  return (
    <div className="sticky bottom-0 z-20 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-card border border-line bg-panel px-4 py-2.5 text-xs shadow-popup">
      <p>
        {plural(lines.length, 'line')}, {plural(suppliers, 'supplier')}
        {lines.length > 0 ? `, ${valueText(lines)}` : ''}
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
      {children}
      <Button
        disabled={lines.length === 0 || draft.isPending}
        className="border-text bg-text text-bg hover:bg-text/90"
        onClick={() => draft.mutate({ lines: lines.map(({ store, sku, units }) => ({ store, sku, units })) })}
      >
        Draft orders
      </Button>
    </div>
  )
}

/** What lines cost, by currency: several are never added up. */
function valueText(lines: readonly OrderLine[]): string {
  return [...Map.groupBy(lines, ({ currency }) => currency ?? '')]
    .filter(([currency]) => currency !== '')
    .map(([currency, own]) => {
      const total = own.reduce((sum, { cost }) => sum + (cost === null ? 0 : (parseAmount(cost) ?? 0)), 0)
      return `${formatMoney(formatAmount(total), currency)} ${currency}`
    })
    .join(' + ')
}
