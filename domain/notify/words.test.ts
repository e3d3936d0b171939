import { describe, expect, it } from 'vitest'
import { countByRule, tellDetection, tellShortage, tellTogether } from './words.ts'

const FACTS = {
  sku: '85123A',
  productName: 'Espresso beans',
  storeName: 'Berlin Mitte',
  onHand: -1,
  onOrder: 1_200,
  runsOut: null,
}
const shortage = (rule: string) => ({ kind: 'shortage', rule, title: rule, detail: '', href: '/restock' })
const found = (kind: string) => ({ kind, rule: 'velocity', title: kind, detail: '', href: '/alerts?alert=x' })

describe('what is told of one alert', () => {
  it('names the product and says how much there is, and when there is none any more', () => {
    expect(tellShortage('oversold', FACTS)).toEqual({
      title: 'Oversold: Espresso beans',
      detail: 'Berlin Mitte, −1 on hand, 1,200 on order',
      href: '/restock',
    })
    const soon = { ...FACTS, productName: null, onHand: 3, onOrder: 0, runsOut: 'Fri 14:30' }
    expect(tellShortage('low_stock', soon)).toMatchObject({
      title: 'Low stock: 85123A',
      detail: 'Berlin Mitte, 3 on hand, 0 on order, runs out Fri 14:30',
    })
  })

  it('is the sentence of the rule, and leads to the alert itself', () => {
    const alert = { alertId: 'card_velocity/berlin/c&1@0-4', kind: 'fraud' } as const
    expect(tellDetection(alert, { summary: '4 orders with card c&1', storeName: 'Berlin' })).toEqual({
      title: '4 orders with card c&1',
      detail: 'Berlin, fraud',
      href: '/alerts?alert=card_velocity%2Fberlin%2Fc%261%400-4',
    })
  })
})

describe('several in one', () => {
  it('are counted, the worst first', () => {
    const rules = ['low_stock', 'oversold', 'low_stock', 'out_of_stock']
    expect(countByRule(rules.map(rule => ({ rule })))).toBe('1 out of stock, 1 oversold, 2 low')
    expect(countByRule([])).toBe('')
  })

  it('say of what they are, and lead to the list that holds most of what can be acted on', () => {
    expect(tellTogether([shortage('low_stock'), shortage('out_of_stock')])).toEqual({
      title: '2 new alerts',
      detail: '1 out of stock, 1 low',
      href: '/restock',
    })
    expect(tellTogether([found('fraud'), found('silence'), found('fraud')])).toEqual({
      title: '3 new alerts of rules',
      detail: '2 fraud, 1 silence',
      href: '/alerts',
    })
    expect(tellTogether([shortage('low_stock'), found('pace')]).detail).toBe('1 low, 1 pace')
  })

  it('of one are that one', () => {
    expect(tellTogether([found('fraud')])).toEqual({ title: 'fraud', detail: '', href: '/alerts?alert=x' })
  })
})
