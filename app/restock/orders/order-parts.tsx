import { formatMoney } from '#app/format/money.ts'
import { formatMoment, formatShortAge } from '#app/format/time.ts'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Chip } from '#app/ui/marks.tsx'
import type { Instant } from '#domain/instant.ts'

export type OrderOnBoard = RouterOutputs['orders']['board']['orders'][number]
export type Order = RouterOutputs['orders']['get']

const STATES: Record<OrderOnBoard['state'], { word: string; tone: 'plain' | 'good' | 'bad' }> = {
  draft: { word: 'draft', tone: 'plain' },
  sending: { word: 'being sent', tone: 'plain' },
  placed: { word: 'placed', tone: 'plain' },
  confirmed: { word: 'confirmed', tone: 'good' },
  late: { word: 'late', tone: 'bad' },
  received: { word: 'received', tone: 'good' },
  cancelled: { word: 'cancelled', tone: 'plain' },
}

/** How an order stands, in words; what is more to say of it beside. */
export function OrderChips({
  order,
}: {
  order: Pick<
    OrderOnBoard,
    'state' | 'received' | 'open' | 'isExpress' | 'over' | 'short' | 'autoRule' | 'refusal'
  >
}) {
  const { state, received, open, isExpress, over, short, autoRule, refusal } = order
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Chip tone={STATES[state].tone}>{STATES[state].word}</Chip>
      {received > 0 && open > 0 ? <Chip>in part</Chip> : null}
      {isExpress ? <Chip>express</Chip> : null}
      {over > 0 ? <Chip tone="bad">{over} too many</Chip> : null}
      {state === 'received' && short > 0 ? <Chip tone="bad">{short} short</Chip> : null}
      {autoRule !== null ? <Chip>by a rule</Chip> : null}
      {refusal !== null ? <Chip tone="bad">refused</Chip> : null}
    </span>
  )
}

/** When it comes, came late, or was made: the one time that matters now. */
export function orderMoment(order: OrderOnBoard, { now, zone }: { now: Instant; zone: string }): string {
  const { state, expectedAt, placedAt, createdAt } = order
  switch (state) {
    case 'draft':
      return `drafted ${formatMoment(createdAt, zone, now)}`
    case 'late':
      return expectedAt === null ? '' : `expected ${formatShortAge(now - expectedAt)} ago`
    case 'received':
    case 'cancelled':
      return placedAt === null ? '' : `placed ${formatMoment(placedAt, zone, now)}`
    default:
      if (expectedAt === null) return 'no date'
      return expectedAt > now
        ? `in ${formatShortAge(expectedAt - now)}, ${formatMoment(expectedAt, zone, now)}`
        : formatMoment(expectedAt, zone, now)
  }
}

/** `1,234.50 EUR` */
export function orderValue({ value, currency }: Pick<OrderOnBoard, 'value' | 'currency'>): string {
  return `${formatMoney(value, currency)} ${currency}`
}

/** How much of what was ordered has come, as a bar with its words. */
export function ReceivedBar({
  order: { ordered, received, short },
}: {
  order: Pick<OrderOnBoard, 'ordered' | 'received' | 'short'>
}) {
  const expected = Math.max(1, ordered - short)
  return (
    <span className="flex items-center gap-2 text-2xs text-muted">
      <span aria-hidden="true" className="h-1.5 grow overflow-hidden rounded-full bg-faint">
        <span
          className="block h-full rounded-full bg-good"
          style={{ width: `${Math.min(100, (100 * received) / expected)}%` }}
        />
      </span>
      {received} of {ordered} units
    </span>
  )
}

/** A product above its number, in a table of few columns. */
export function ProductCell({ productName, sku }: { productName: string | null; sku: string }) {
  return (
    <span className="block min-w-32 whitespace-normal">
      {productName ?? sku}
      {productName === null ? null : <span className="block text-2xs text-muted">{sku}</span>}
    </span>
  )
}
