import { describe, expect, it } from 'vitest'
import { noShortage } from '#app/restock/alerts-card.tsx'
import { nothingToOrder } from '#app/restock/proposals.tsx'

describe('a page without a shortage', () => {
  it('says so only of products whose stock is known', () => {
    expect(noShortage({ known: 0, unknown: 40, withoutPolicy: 0 }).what).toBe('Stock is unknown.')
    expect(noShortage({ known: 0, unknown: 0, withoutPolicy: 0 }).what).toBe('Stock is unknown.')
    expect(noShortage({ known: 12, unknown: 0, withoutPolicy: 0 })).toEqual({
      what: 'No shortage among the 12 products of stores whose stock is known.',
      advice: '',
    })
    const { advice } = noShortage({ known: 12, unknown: 40, withoutPolicy: 5 })
    expect(advice).toContain('5 of these have no reorder point')
    expect(advice).toContain('Of 40 more the stock is not known')
  })
})

describe('a page with nothing to order', () => {
  it('says so only of products whose stock and reorder point are known', () => {
    const unjudged = { covered: 0, stock: { known: 12, unknown: 40, withoutPolicy: 12 } }
    expect(nothingToOrder(unjudged).what).toBe('Nothing can be proposed.')
    const partly = nothingToOrder({ covered: 0, stock: { known: 12, unknown: 40, withoutPolicy: 2 } })
    expect(partly.what).toBe('Nothing to order.')
    expect(partly.advice).toContain('each of 10 products')
    expect(partly.advice).toContain('Of 42 more')
  })
})
