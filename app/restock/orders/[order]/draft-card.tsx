import { useState } from 'react'
import { formatMoney } from '#app/format/money.ts'
import { plural } from '#app/format/number.ts'
import { DraftItem, DraftTable, type EditLine, Entry } from '#app/restock/orders/[order]/draft-lines.tsx'
import type { Order } from '#app/restock/orders/order-parts.tsx'
import type { useOrderDeeds } from '#app/restock/orders/use-orders.ts'
import { Button } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { Field, Note, SelectField, TextField } from '#app/ui/form.tsx'

type Deeds = ReturnType<typeof useOrderDeeds>['deeds']

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** A draft: its lines to change, what its supplier asks for, and what stands against placing it. */
export function DraftCard({
  order,
  deeds,
  isBusy,
  onDiscarded,
}: {
  order: Order
  deeds: Deeds
  isBusy: boolean
  onDiscarded: () => void
}) {
  const { order: number, currency, problems, terms, items } = order
  const [wantsExpress, setWantsExpress] = useState<boolean | null>(null)
  const edit: EditLine = (line, given) =>
    void deeds.editLine({
      order: number,
      store: line.store,
      sku: line.sku,
      // What was not touched is not sent: its newest value may not be here yet.
      ...given,
    })
  return (
    <Card title="Draft" note={termsText(terms, currency)}>
      {problems.map(({ detail }) => (
        <Note key={detail}>{detail}</Note>
      ))}
      <div className="@container">
        <div className="flex max-h-160 flex-col @max-[36rem]:hidden">
          <DraftTable order={order} edit={edit} isBusy={isBusy} />
        </div>
        <ul aria-label="Lines of the draft" className="@min-[36rem]:hidden">
          {items.map(line => (
            <DraftItem
              key={JSON.stringify([line.store, line.sku])}
              line={line}
              currency={currency}
              edit={edit}
              isBusy={isBusy}
            />
          ))}
        </ul>
      </div>
      <div className="mt-3 grid grid-cols-1 items-end gap-3 sm:grid-cols-[repeat(3,minmax(0,12rem))_1fr]">
        <Field label={`Budget, ${currency}`}>
          <Entry
            label={`Budget, ${currency}`}
            value={order.budget ?? ''}
            inputMode="decimal"
            onEntered={text => void deeds.editDraft({ order: number, budget: text === '' ? null : text })}
          />
        </Field>
        <Field label="Note for the supplier" className="sm:col-span-2">
          <Entry
            label="Note for the supplier"
            value={order.note ?? ''}
            isWide
            onEntered={text => void deeds.editDraft({ order: number, note: text === '' ? null : text })}
          />
        </Field>
        <div className="flex flex-wrap justify-end gap-2">
          <Button
            disabled={isBusy}
            onClick={() => void deeds.discard(number).then(isDone => isDone && onDiscarded())}
          >
            Discard
          </Button>
          <Button
            disabled={isBusy || problems.length > 0}
            className="border-text bg-text text-bg hover:bg-text/90"
            onClick={() => void deeds.place(number)}
          >
            Place order
          </Button>
        </div>
      </div>
      <ShareOut order={order} deeds={deeds} isBusy={isBusy} />
      {terms.express ? (
        <label className="mt-3 flex min-h-9 items-center gap-2 text-xs">
          <input
            type="checkbox"
            className="size-4 accent-text"
            checked={wantsExpress ?? order.isExpress}
            disabled={isBusy}
            onChange={({ target: { checked } }) => {
              setWantsExpress(checked)
              void deeds.editDraft({ order: number, isExpress: checked }).then(() => setWantsExpress(null))
            }}
          />
          Express: here within {plural(terms.express.minutes, 'minute')}, for{' '}
          {formatMoney(terms.express.fee, currency)} {currency} more
        </label>
      ) : null}
    </Card>
  )
}

/** Of a product that several stores want: what the supplier has of it, shared out by who runs out first. */
function ShareOut({ order, deeds, isBusy }: { order: Order; deeds: Deeds; isBusy: boolean }) {
  const shared = [...Map.groupBy(order.items, ({ sku }) => sku)].filter(([, lines]) => lines.length > 1)
  const [chosen, setChosen] = useState('')
  const [available, setAvailable] = useState('')
  if (shared.length === 0) return null
  const sku = shared.some(([own]) => own === chosen) ? chosen : (shared[0]?.[0] ?? '')
  return (
    <form
      className="mt-3 grid grid-cols-1 items-end gap-3 sm:grid-cols-[repeat(3,minmax(0,12rem))]"
      onSubmit={event => {
        event.preventDefault()
        void deeds.shareOut({ order: order.order, sku, available: Number(available) })
      }}
    >
      <SelectField
        label="Of what the supplier has too little"
        value={sku}
        options={shared.map(([own, lines]) => [own, lines[0]?.productName ?? own] as const)}
        onChange={setChosen}
      />
      <Field label="Units there are">
        <TextField
          inputMode="numeric"
          value={available}
          onChange={({ target }) => setAvailable(target.value)}
        />
      </Field>
      <Button type="submit" disabled={isBusy || available === ''}>
        Share out by need
      </Button>
    </form>
  )
}

function termsText({ minimumValue, deliveryDays }: Order['terms'], currency: string): string {
  const days = deliveryDays?.map(day => WEEKDAYS[day - 1]).join(', ')
  return [
    ...(minimumValue === null ? [] : [`orders from ${formatMoney(minimumValue, currency)} ${currency}`]),
    ...(days ? [`delivers ${days}`] : []),
  ].join(', ')
}
