import { describe, expect, it } from 'vitest'
import { announcementsOf } from '#app/alerts/announcements.ts'
import type { LiveAlert } from '#server/web/live/messages.ts'

function alert(alertId: string, rule: LiveAlert['rule'] = 'low_stock'): LiveAlert {
  return {
    alertId,
    store: 'berlin-mitte',
    sku: '85123A',
    rule,
    severity: 'warning',
    state: 'open',
    openedAt: 0,
    onHand: -1,
    onOrder: 12,
    reorderPoint: 5,
  }
}

describe('what a toast says', () => {
  it('names product and store where they are known, and their ids where not', () => {
    const names = new Map([['a', { productName: 'Espresso beans', storeName: 'Berlin Mitte' }]])
    expect(announcementsOf([alert('a', 'oversold'), alert('b')], names)).toEqual([
      { id: 'a', title: 'Oversold: Espresso beans', detail: 'Berlin Mitte, −1 on hand, 12 on order' },
      { id: 'b', title: 'Low stock: 85123A', detail: 'berlin-mitte, −1 on hand, 12 on order' },
    ])
  })

  it('counts many alerts in one', () => {
    const many = [alert('a', 'out_of_stock'), ...['b', 'c', 'd', 'e', 'f', 'g'].map(id => alert(id))]
    expect(announcementsOf(many, new Map())).toEqual([
      { id: 'alerts-together', title: '7 new alerts', detail: '1 out of stock, 6 low' },
    ])
  })
})
