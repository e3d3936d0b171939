import { beforeAll, describe, expect, test } from 'vitest'
import { ofType, type PlayedHistory, playHistory } from '#seed/testing/history.ts'

const SPAN = { days: 5, until: Date.UTC(2026, 9, 27, 15) }
const PARAMETERS = { randomSeed: 5, stores: 4, ordersPerDay: 600 }

describe('who rings up, and which card pays', () => {
  let history: PlayedHistory
  beforeAll(() => {
    history = playHistory(PARAMETERS, SPAN)
  })

  const orders = () => ofType(history.events, 'order.placed')
  const isByCard = ({ tender, tenders }: ReturnType<typeof orders>[number]) =>
    tender === 'card' || (tenders?.some(({ type }) => type === 'card') ?? false)

  test('every document of a till names its cashier, who sits at one till at a time; on the web nobody does', () => {
    const documents = [...orders(), ...ofType(history.events, 'order.returned')]
    expect(
      documents.filter(({ register, cashier }) => (register === undefined) !== (cashier === undefined)),
    ).toEqual([])
    const tills = new Map<string, string>()
    const changes = documents
      .toSorted((one, other) => (one.eventTime < other.eventTime ? -1 : 1))
      .filter(document => {
        const key = `${document.store}/${document.cashier}`
        const before = tills.get(key)
        tills.set(key, document.register ?? '')
        return document.cashier !== undefined && before !== undefined && before !== document.register
      })
    // Two shifts a day at eight tills: who moves, moves between shifts.
    expect(changes.length).toBeLessThanOrEqual(2 * 8 * (SPAN.days + 1))
    expect(new Set(documents.flatMap(({ cashier }) => cashier ?? [])).size).toBeGreaterThan(8)
  })

  test('cards have tokens, and other means of payment have none; how they were read is as in a shop, or as online', () => {
    expect(
      orders().filter(order => !isByCard(order) && (order.cardToken ?? order.entryMode) !== undefined),
    ).toEqual([])
    const byCard = orders().filter(isByCard)
    const share = (count: number) => count / byCard.length
    expect(share(byCard.filter(({ cardToken }) => cardToken !== undefined).length)).toBeGreaterThan(0.95)
    expect(
      byCard.filter(({ channel, entryMode }) => (channel === 'online') !== (entryMode === 'online')),
    ).toEqual([])
    const modes = Map.groupBy(byCard, ({ entryMode }) => entryMode)
    expect(share(modes.get('contactless')?.length ?? 0)).toBeGreaterThan(
      share(modes.get('chip')?.length ?? 0),
    )
    expect(modes.get('chip')?.length).toBeGreaterThan(10)
    expect(share(modes.get('manual')?.length ?? 0)).toBeLessThan(0.02)
  })

  test('a customer who is known always pays with the same card, and nobody else does', () => {
    const cards = new Map<string, Set<string>>()
    for (const { customer, cardToken } of orders()) {
      if (cardToken === undefined) continue
      cards.set(cardToken, (cards.get(cardToken) ?? new Set()).add(customer ?? ''))
    }
    expect([...cards.values()].filter(customers => customers.size > 1)).toEqual([])
    const ofCustomers = new Map<string, Set<string>>()
    for (const { customer, cardToken } of orders()) {
      if (customer === undefined || cardToken === undefined) continue
      ofCustomers.set(customer, (ofCustomers.get(customer) ?? new Set()).add(cardToken))
    }
    expect([...ofCustomers.values()].filter(tokens => tokens.size > 1)).toEqual([])
  })

  test('a void is the order’s own, cashier and card with it; a refund goes to the card that paid', () => {
    const byOrder = new Map(orders().map(order => [order.orderId, order]))
    const voids = ofType(history.events, 'order.voided')
    expect(voids.length).toBeGreaterThan(5)
    for (const { orderId, cashier, cardToken } of voids) {
      const order = byOrder.get(orderId)
      expect({ cashier, cardToken }).toEqual({ cashier: order?.cashier, cardToken: order?.cardToken })
    }
    const refunds = ofType(history.events, 'order.returned').flatMap(refund => {
      const order = byOrder.get(refund.originalOrderId ?? '')
      return order?.cardToken === undefined || refund.cardToken === undefined ? [] : [{ refund, order }]
    })
    expect(refunds.length).toBeGreaterThan(5)
    for (const { refund, order } of refunds) expect(refund.cardToken).toBe(order.cardToken)
  })
})
