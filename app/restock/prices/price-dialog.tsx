import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatMoney } from '#app/format/money.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterInputs, RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { CardContent, Skeleton } from '#app/ui/card.tsx'
import { Field, OutcomeLine, TextField } from '#app/ui/form.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'
import { DAY_MS, HOUR_MS, type Instant } from '#domain/instant.ts'
import { AMOUNT_SCALE, type Amount, decimalsOf, formatAmount, parseAmount } from '#domain/money.ts'
import { CLEAR_DAYS } from '#domain/price-hints/markdown.ts'
import { priceBounds, whyNotPrice } from '#domain/price-hints/price-bounds.ts'
import { unitsAtPrice } from '#domain/price-hints/price-effect.ts'
import { KIND_TEXTS, type PriceKind, unitsText } from './price-words.ts'

type Shelf = RouterOutputs['prices']['shelf']
type Apply = RouterInputs['prices']['set']

/** What a person is about to set, as a hint would have it. */
export interface ThoughtPrice {
  store: string
  sku: string
  name: string
  kind: PriceKind
  /** As a decimal; null: what is asked now. */
  price: string | null
}

/** Sets a price of a shelf: from when, until when, and what is to be expected of it. */
export function PriceDialog({ thought, onClose }: { thought: ThoughtPrice | null; onClose: () => void }) {
  const trpc = useTRPC()
  const { store = '', sku = '' } = thought ?? {}
  const query = useQuery({ ...trpc.prices.shelf.queryOptions({ store, sku }), enabled: thought !== null })
  return (
    <DialogFrame
      isOpen={thought !== null}
      title={thought ? `A price for ${thought.name}` : 'A price'}
      description={thought ? KIND_TEXTS[thought.kind].why : null}
      onClose={onClose}
    >
      <div className="min-h-0 grow overflow-y-auto p-1">
        <CardContent query={query} skeleton={<Skeleton className="h-72" />}>
          {shelf => thought && <PriceForm shelf={shelf} thought={thought} onDone={onClose} />}
        </CardContent>
      </div>
    </DialogFrame>
  )
}

function PriceForm({ shelf, thought, onDone }: { shelf: Shelf; thought: ThoughtPrice; onDone: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const { currency, terms } = shelf
  const [request] = useState(newRequest)
  const [typed, setTyped] = useState(() => firstPrice(shelf, thought))
  const [begins, setBegins] = useState('')
  const [ends, setEnds] = useState(() => firstEnd(thought.kind))
  const apply = useMutation({
    ...trpc.prices.set.mutationOptions(),
    onSettled: () =>
      Promise.all([trpc.prices, trpc.restock].map(of => queryClient.invalidateQueries(of.pathFilter()))),
    onSuccess: ({ detail }) => {
      if (detail === null) onDone()
    },
  })
  const money = (amount: Amount) => `${formatMoney(formatAmount(amount), currency)} ${currency}`
  const price = parseAmount(typed.trim())
  const problem =
    terms === null
      ? 'What is asked for it now is not known: nothing of it was sold in twelve weeks.'
      : price === null
        ? 'A price is a decimal such as 2.49.'
        : whyNotPrice(price, terms, money)
  const bounds = terms && priceBounds(terms)
  return (
    <form
      className="grid gap-4 lg:grid-cols-2"
      onSubmit={event => {
        event.preventDefault()
        const given: Apply = {
          ...{ request, store: shelf.store, sku: shelf.sku, kind: thought.kind, price: typed.trim() },
          ...{ from: instantOf(begins), to: instantOf(ends) },
        }
        apply.mutate(given)
      }}
    >
      <div className="grid content-start gap-3">
        <Field label={`Price, ${currency}`}>
          <TextField
            inputMode="decimal"
            autoFocus
            value={typed}
            onChange={({ target }) => setTyped(target.value)}
          />
        </Field>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Begins (empty: now)">
            <TextField
              type="datetime-local"
              value={begins}
              onChange={({ target }) => setBegins(target.value)}
            />
          </Field>
          <Field label="Ends (empty: when you end it)">
            <TextField type="datetime-local" value={ends} onChange={({ target }) => setEnds(target.value)} />
          </Field>
        </div>
        <p className="text-2xs text-muted">
          {bounds
            ? `From ${money(bounds.least)} to ${money(bounds.most)} today: never below cost, at most 30% down and 15% above the usual in a day. Times are those of this device. What you set before of this shelf ends where this begins.`
            : 'What one has cost is not known, so no price can be set.'}
        </p>
        <OutcomeLine
          done={apply.data ? `${apply.data.priceChange} is set. ${apply.data.detail ?? ''}` : null}
          failed={apply.error?.message ?? problem}
        />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onDone}>{apply.isSuccess ? 'Close' : 'Cancel'}</Button>
          <Button
            type="submit"
            disabled={problem !== null || apply.isPending || apply.isSuccess}
            className="border-text bg-text text-bg hover:bg-text/90"
          >
            Set this price
          </Button>
        </div>
      </div>
      <Expected shelf={shelf} price={problem === null ? price : null} money={money} />
    </form>
  )
}

/** What is sold and what is left of it, a day: at the price of now, and at the one that is thought of. */
function Expected({
  shelf: { terms, forecast, elasticity, onHand, unitsBefore },
  price,
  money,
}: {
  shelf: Shelf
  price: Amount | null
  money: (amount: Amount) => string
}) {
  if (terms === null) return null
  const perDay = forecast ? forecast.unitsByWeekday.reduce((sum, units) => sum + units, 0) / 7 : null
  const usual = { oldPrice: terms.listPrice, elasticity }
  const variance = forecast ? forecast.spread ** 2 : 0
  const at = (asked: Amount) =>
    perDay === null ? null : unitsAtPrice({ mean: perDay, variance }, { ...usual, newPrice: asked })
  const now = at(terms.priceNow)
  const then = price === null ? null : at(price)
  const left = (units: number, asked: Amount) =>
    terms.unitCost === null ? '–' : money(Math.round(units * (asked - terms.unitCost)))
  const lasts = (units: number) =>
    onHand === null || onHand <= 0 || units <= 0 ? '–' : plural(Math.round(onHand / units), 'day')
  const rows: [name: string, now: string, then: string][] = [
    ['Price', money(terms.priceNow), price === null ? '–' : money(price)],
    ['Units a day', now ? unitsText(now.units) : '–', then ? unitsText(then.units) : '–'],
    ['in 8 of 10 days', now ? rangeText(now) : '–', then ? rangeText(then) : '–'],
    [
      'Left of it a day',
      now ? left(now.units, terms.priceNow) : '–',
      then && price !== null ? left(then.units, price) : '–',
    ],
    ['What lies there lasts', now ? lasts(now.units) : '–', then ? lasts(then.units) : '–'],
  ]
  return (
    <div className="grid content-start gap-2">
      <table className="w-full text-xs">
        <caption className="mb-1 text-left text-2xs text-muted">What is to be expected</caption>
        <thead>
          <tr className="text-2xs text-muted">
            <th scope="col" className="text-left font-normal">
              <span className="sr-only">Figure</span>
            </th>
            <th scope="col" className="pl-3 text-right font-normal">
              Now
            </th>
            <th scope="col" className="pl-3 text-right font-normal">
              At this price
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, before, after]) => (
            <tr key={name}>
              <th scope="row" className="border-t border-line py-1.5 text-left font-normal text-muted">
                {name}
              </th>
              <td className="border-t border-line py-1.5 pl-3 text-right">{before}</td>
              <td className="border-t border-line py-1.5 pl-3 text-right font-medium">{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="text-2xs text-muted">
        {onHand === null ? 'Its stock is unknown. ' : `${formatCount(onHand)} on hand. `}
        {unitsBefore === null ? '' : `${unitsText(unitsBefore)} a day in the last four weeks. `}
        {terms.unitCost === null ? '' : `One has cost ${money(terms.unitCost)}. `}
        {elasticity.offers === 0
          ? 'Of its category no offer was ever seen: the elasticity is that of consumer goods at large, take the range seriously.'
          : `Elasticity ${elasticity.mean.toFixed(1)} ± ${elasticity.deviation.toFixed(1)}, from ${plural(elasticity.offers, 'group')} of offer days.`}
        {forecast && !forecast.isLearned
          ? ' No forecast of it holds: what was sold lately stands for it.'
          : ''}
      </p>
    </div>
  )
}

function rangeText({ low, high }: { low: number; high: number }): string {
  return `${unitsText(low)}–${unitsText(high)}`
}

/** Rounded up to what can be paid, so that no bound is crossed by rounding; within what a day may move. */
function firstPrice({ terms, currency }: Shelf, { price }: ThoughtPrice): string {
  if (terms === null) return price ?? ''
  const wanted = price === null ? terms.priceNow : (parseAmount(price) ?? terms.priceNow)
  const bounds = priceBounds(terms)
  const within = bounds ? Math.min(bounds.most, Math.max(bounds.least, wanted)) : wanted
  const digits = decimalsOf(currency)
  const coin = AMOUNT_SCALE / 10 ** digits
  const up = Math.ceil(within / coin) * coin
  const payable = bounds && up > bounds.most ? Math.floor(within / coin) * coin : up
  return (payable / AMOUNT_SCALE).toFixed(digits)
}

const HOLDS_MS: Partial<Record<PriceKind, number>> = {
  dead: CLEAR_DAYS * DAY_MS,
  overstocked: CLEAR_DAYS * DAY_MS,
  leaving: CLEAR_DAYS * DAY_MS,
  flash: 48 * HOUR_MS,
  raise: DAY_MS,
}

function firstEnd(kind: PriceKind): string {
  const holds = HOLDS_MS[kind]
  return holds === undefined ? '' : localInput(Date.now() + holds)
}

function instantOf(text: string): Instant | null {
  const instant = text === '' ? Number.NaN : new Date(text).getTime()
  return Number.isFinite(instant) ? instant : null
}

/** As a field of date and time wants it: the clock of this device, to the minute. */
function localInput(instant: Instant): string {
  return new Date(instant - new Date(instant).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function newRequest(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2).padEnd(8, '0')}`
}
