import { describe, expect, test } from 'vitest'
import { catalogueOf, PRODUCTS_PER_CATEGORY } from './catalogue.ts'
import { CATEGORIES } from './categories.ts'
import { createWorld } from './world.ts'

describe('the catalogue', () => {
  const products = catalogueOf(1)

  test('has 500 products in 20 categories, each with a sku and a name of its own', () => {
    expect(products.length).toBe(500)
    expect(new Set(products.map(({ category }) => category.name)).size).toBe(20)
    expect(new Set(products.map(({ sku }) => sku)).size).toBe(500)
    expect(new Set(products.map(({ name }) => name)).size).toBe(500)
    // Words as on a shelf, not names from the code: a renaming once went through the goods.
    expect(products.map(({ item }) => item).filter(item => /[a-z][A-Z]/.test(item))).toEqual([])
  })

  test('is the same whatever the stores and their orders, and another with another seed', () => {
    const small = createWorld({ randomSeed: 1, stores: 1, ordersPerDay: 10 })
    const large = createWorld({ randomSeed: 1, stores: 30, ordersPerDay: 90_000 })
    expect(small.products).toEqual(large.products)
    expect(catalogueOf(2).map(({ name }) => name)).not.toEqual(products.map(({ name }) => name))
  })

  test('buys every category from several suppliers, for less than it asks, in packs', () => {
    for (const category of CATEGORIES) {
      const own = products.filter(product => product.category === category)
      expect(own.length).toBe(PRODUCTS_PER_CATEGORY)
      expect(new Set(own.map(({ supplier }) => supplier.id)).size, category.name).toBeGreaterThanOrEqual(3)
      for (const { unitCost, listPrice, packSize, supplier } of own) {
        // A weighed unit is some hundred grams, and its list price that of one.
        expect(unitCost).toBeLessThan(listPrice * (category.weighed ? 480 : 1))
        expect(unitCost).toBeGreaterThan(0)
        expect(packSize).toBeGreaterThanOrEqual(1)
        expect(supplier.leadTimeDays).toBeGreaterThanOrEqual(1)
      }
    }
  })

  test('says of every product what goes with it, of its own category and of others', () => {
    for (const [index, { companions, category }] of products.entries()) {
      expect(companions).not.toContain(index)
      const categories = companions.map(companion => products[companion]?.category.name)
      expect(categories[0]).toBe(category.name)
      for (const name of categories.slice(1)) expect(category.goesWith).toContain(name)
    }
  })
})
