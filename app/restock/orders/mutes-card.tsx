import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatMoment } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, RowSkeletons } from '#app/ui/card.tsx'
import { Field, OutcomeLine, SelectField, TextField } from '#app/ui/form.tsx'

type Mute = RouterOutputs['orders']['mutes'][number]
type Supplier = RouterOutputs['orders']['board']['suppliers'][number]

/** Shortages that nobody wants to hear of: they are on no badge and in no toast, and stand last under Restock. */
export function MutesCard({
  suppliers,
  stores,
  now,
  zone,
}: {
  suppliers: readonly Supplier[]
  stores: readonly StoreSummary[]
  now: number
  zone: string
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const query = useQuery(trpc.orders.mutes.queryOptions())
  const onSettled = () =>
    Promise.all(
      [trpc.orders, trpc.restock, trpc.overview].map(of => queryClient.invalidateQueries(of.pathFilter())),
    )
  const mute = useMutation({ ...trpc.orders.mute.mutationOptions(), onSettled })
  const end = useMutation({ ...trpc.orders.endMute.mutationOptions(), onSettled })
  const [supplier, setSupplier] = useState('')
  const [store, setStore] = useState('')
  const [sku, setSku] = useState('')
  const [reason, setReason] = useState('')
  const nameOf = ({ supplier: ofSupplier, store: ofStore, sku: ofSku }: Mute) =>
    [
      ...(ofSku === null ? [] : [ofSku]),
      ...(ofSupplier === null
        ? []
        : [suppliers.find(own => own.supplier === ofSupplier)?.name ?? ofSupplier]),
      ...(ofStore === null ? [] : [stores.find(own => own.store === ofStore)?.name ?? ofStore]),
    ].join(', ')
  return (
    <Card title="Muted" note="on no badge, in no toast">
      <CardContent query={query} skeleton={<RowSkeletons rows={2} />}>
        {mutes => (
          <>
            {mutes.length === 0 ? <p className="text-xs text-muted">Nothing is muted.</p> : null}
            <ul aria-label="Muted" className="grid gap-1.5 text-xs">
              {mutes.map(own => (
                <li key={own.mute} className="flex flex-wrap items-center justify-between gap-2">
                  <span className="min-w-0 wrap-anywhere">
                    {nameOf(own)}: {own.reason}
                    <span className="block text-2xs text-muted">
                      {formatMoment(own.mutedAt, zone, now)} by {own.mutedBy ?? 'somebody'}
                      {own.until === null ? '' : `, until ${formatMoment(own.until, zone, now)}`}
                    </span>
                  </span>
                  <Button
                    kind="row"
                    disabled={end.isPending}
                    aria-label={`Hear of ${nameOf(own)} again`}
                    onClick={() => end.mutate({ mute: own.mute })}
                  >
                    Hear of it again
                  </Button>
                </li>
              ))}
            </ul>
            <form
              className="mt-3 grid grid-cols-1 items-end gap-2 sm:grid-cols-2"
              onSubmit={event => {
                event.preventDefault()
                mute.mutate({
                  supplier: supplier || null,
                  store: store || null,
                  sku: sku.trim() || null,
                  reason,
                  hours: null,
                })
              }}
            >
              <Field label="Product, by its number">
                <TextField value={sku} placeholder="any" onChange={({ target }) => setSku(target.value)} />
              </Field>
              <SelectField
                label="Supplier"
                value={supplier}
                options={[['', 'any'] as const, ...suppliers.map(own => [own.supplier, own.name] as const)]}
                onChange={setSupplier}
              />
              <SelectField
                label="Store"
                value={store}
                options={[['', 'any'] as const, ...stores.map(own => [own.store, own.name] as const)]}
                onChange={setStore}
              />
              <Field label="Because">
                <TextField
                  value={reason}
                  placeholder="it is being delisted"
                  onChange={({ target }) => setReason(target.value)}
                />
              </Field>
              <Button type="submit" className="sm:col-start-2" disabled={mute.isPending}>
                Mute
              </Button>
            </form>
            <OutcomeLine
              done={mute.isSuccess ? 'Muted.' : null}
              failed={(mute.error ?? end.error)?.message ?? null}
            />
          </>
        )}
      </CardContent>
    </Card>
  )
}
