import type { SentEvent } from '#domain/event.ts'
import { EXAMPLE_STORES_BY_ID } from './example-stores.ts'

type Lines<Type extends SentEvent['type']> = Extract<SentEvent, { type: Type; lines: unknown }>['lines']
interface Where {
  id: string
  at: string
  store?: string
}

function header({ id, at, store = 'berlin' }: Where) {
  return { source: `till-${store}`, id, store, eventTime: at }
}

function saleHeader(where: Where) {
  const store = where.store ?? 'berlin'
  const currency = EXAMPLE_STORES_BY_ID.get(store)?.currency ?? 'EUR'
  return { ...header(where), channel: 'pos' as const, currency, orderId: where.id }
}

export function placed(where: Where & { customer?: string }, lines: Lines<'order.placed'>): SentEvent {
  const customer = where.customer === undefined ? {} : { customer: where.customer }
  return { type: 'order.placed', ...saleHeader(where), ...customer, lines }
}

export function voided(
  where: Where & { orderId: string; customer?: string },
  lines: Lines<'order.voided'>,
): SentEvent {
  const customer = where.customer === undefined ? {} : { customer: where.customer }
  return { type: 'order.voided', ...saleHeader(where), ...customer, orderId: where.orderId, lines }
}

export function returned(where: Where, lines: Lines<'order.returned'>): SentEvent {
  return { type: 'order.returned', ...saleHeader(where), lines }
}

export function received(where: Where, lines: Lines<'stock.received'>): SentEvent {
  return { type: 'stock.received', ...header(where), lines }
}

export function counted(where: Where, lines: Lines<'stock.counted'>): SentEvent {
  return { type: 'stock.counted', ...header(where), lines }
}

export function adjusted(where: Where, lines: Lines<'stock.adjusted'>): SentEvent {
  return { type: 'stock.adjusted', ...header(where), lines }
}

export function transferred(
  where: Where & { toStore: string },
  lines: Lines<'stock.transferred'>,
): SentEvent {
  return { type: 'stock.transferred', ...header(where), toStore: where.toStore, lines }
}
