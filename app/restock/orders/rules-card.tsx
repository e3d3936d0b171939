import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatMoney } from '#app/format/money.ts'
import { formatMoment } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { Card, CardContent, EmptyState, RowSkeletons } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { Field, OutcomeLine, SelectField, TextField } from '#app/ui/form.tsx'
import { Chip } from '#app/ui/marks.tsx'

type Rule = RouterOutputs['orders']['rules'][number]
type Supplier = RouterOutputs['orders']['board']['suppliers'][number]

/** What orders by itself, from whom, and up to what value in a day. Off until a manager switches it on. */
export function RulesCard({
  suppliers,
  stores,
  now,
  zone,
}: {
  /** Undefined: not known yet. */
  suppliers: readonly Supplier[] | undefined
  stores: readonly StoreSummary[]
  now: number
  zone: string
}) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const query = useQuery(trpc.orders.rules.queryOptions())
  const save = useMutation({
    ...trpc.orders.saveRule.mutationOptions(),
    onSettled: () => queryClient.invalidateQueries(trpc.orders.pathFilter()),
  })
  const set = ({ supplier, store, dailyCap, currency }: Rule, isOn: boolean) =>
    save.mutate({ supplier, store, dailyCap, currency, isOn })
  return (
    <Card title="Automatic orders" note="every few seconds, what would be proposed">
      <CardContent query={query} skeleton={<RowSkeletons rows={2} />}>
        {rules => (
          <>
            {rules.length > 0 ? (
              <DataTable
                caption="Rules that order by themselves"
                rows={rules}
                rowKey={({ rule }) => String(rule)}
                columns={[
                  { key: 'supplier', header: 'Supplier', align: 'left', cell: rule => rule.supplierName },
                  {
                    key: 'store',
                    header: 'Store',
                    align: 'left',
                    cell: ({ store }) => stores.find(own => own.store === store)?.name ?? store ?? 'all',
                  },
                  {
                    key: 'cap',
                    header: 'Of 24 hours',
                    cell: ({ spent, dailyCap, currency }) =>
                      `${formatMoney(spent, currency)} of ${formatMoney(dailyCap, currency)} ${currency}`,
                  },
                  {
                    key: 'by',
                    header: 'Set',
                    align: 'left',
                    cell: ({ changedBy, changedAt }) =>
                      `${formatMoment(changedAt, zone, now)} by ${changedBy ?? 'somebody'}`,
                  },
                  {
                    key: 'on',
                    header: 'State',
                    align: 'left',
                    cell: ({ isOn }) => <Chip tone={isOn ? 'good' : 'plain'}>{isOn ? 'on' : 'off'}</Chip>,
                  },
                  {
                    key: 'switch',
                    header: <span className="sr-only">Switch</span>,
                    cell: rule => (
                      <Button
                        kind="row"
                        disabled={save.isPending}
                        aria-label={`Switch ${rule.isOn ? 'off' : 'on'} ${rule.supplierName}`}
                        onClick={() => set(rule, !rule.isOn)}
                      >
                        Switch {rule.isOn ? 'off' : 'on'}
                      </Button>
                    ),
                  },
                ]}
              />
            ) : (
              <p className="text-xs text-muted">Nothing orders by itself.</p>
            )}
            {suppliers && suppliers.length > 0 ? (
              <NewRule suppliers={suppliers} stores={stores} save={save.mutate} isBusy={save.isPending} />
            ) : null}
            {suppliers?.length === 0 ? (
              <div className="mt-3">
                <EmptyState
                  what="No supplier is on file."
                  advice="A rule orders from one. Suppliers come by a file, and what they deliver by npm run costs:"
                  command="npm run suppliers -- add FILE"
                />
              </div>
            ) : null}
            <OutcomeLine
              done={save.isSuccess ? 'Kept.' : null}
              failed={save.error ? save.error.message : null}
            />
          </>
        )}
      </CardContent>
    </Card>
  )
}

function NewRule({
  suppliers,
  stores,
  save,
  isBusy,
}: {
  suppliers: readonly Supplier[]
  stores: readonly StoreSummary[]
  save: (rule: Pick<Rule, 'supplier' | 'store' | 'isOn' | 'dailyCap' | 'currency'>) => void
  isBusy: boolean
}) {
  const [supplier, setSupplier] = useState(suppliers[0]?.supplier ?? '')
  const [store, setStore] = useState('')
  const [dailyCap, setDailyCap] = useState('100')
  const currency = suppliers.find(own => own.supplier === supplier)?.currency ?? 'EUR'
  return (
    <form
      className="mt-3 grid grid-cols-1 items-end gap-2 sm:grid-cols-2"
      onSubmit={event => {
        event.preventDefault()
        save({ supplier, store: store === '' ? null : store, isOn: false, dailyCap, currency })
      }}
    >
      <SelectField
        label="Supplier"
        value={supplier}
        options={suppliers.map(own => [own.supplier, own.name] as const)}
        onChange={setSupplier}
      />
      <SelectField
        label="Store"
        value={store}
        options={[['', 'all'] as const, ...stores.map(own => [own.store, own.name] as const)]}
        onChange={setStore}
      />
      <Field label={`At most in 24 hours, ${currency}`}>
        <TextField
          inputMode="decimal"
          value={dailyCap}
          onChange={({ target }) => setDailyCap(target.value)}
        />
      </Field>
      <Button type="submit" disabled={isBusy}>
        Add, switched off
      </Button>
    </form>
  )
}
