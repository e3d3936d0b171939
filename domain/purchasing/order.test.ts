import { describe, expect, test } from 'vitest'
import { draftProblems, goodsValue } from './draft.ts'
import { lineState, type OrderFacts, orderState } from './order.ts'

const line = (ordered: number, cancelled: number, received: number) => ({ ordered, cancelled, received })
const placed: OrderFacts = {
  placedAt: 100,
  isSent: true,
  confirmedAt: null,
  expectedAt: 500,
  lines: [line(6, 0, 0)],
}

describe('how an order stands', () => {
  test.each([
    ['before it is placed', { ...placed, placedAt: null, isSent: false }, 200, 'draft'],
    ['while the intake has not taken it', { ...placed, isSent: false }, 200, 'sending'],
    ['once it has', placed, 200, 'placed'],
    ['once the supplier said yes', { ...placed, confirmedAt: 150 }, 200, 'confirmed'],
    ['at the very time it was expected', placed, 500, 'placed'],
    ['a millisecond later', placed, 501, 'late'],
    ['late, though a part has come', { ...placed, lines: [line(6, 0, 4)] }, 501, 'late'],
    [
      'confirmed while a part has come',
      { ...placed, confirmedAt: 1, lines: [line(6, 0, 4)] },
      200,
      'confirmed',
    ],
    ['never late without a date', { ...placed, expectedAt: null }, 9e15, 'placed'],
    ['once all has come, however late', { ...placed, lines: [line(6, 0, 6)] }, 900, 'received'],
    ['once the rest is not coming', { ...placed, lines: [line(6, 2, 4)] }, 200, 'received'],
    ['when nothing came and nothing will', { ...placed, lines: [line(6, 6, 0)] }, 200, 'cancelled'],
    ['one line over, another open', { ...placed, lines: [line(6, 0, 9), line(2, 0, 0)] }, 200, 'placed'],
  ] as const)('%s', (_, facts, now, state) => {
    expect(orderState(facts, now)).toBe(state)
  })

  test.each([
    [line(6, 0, 0), 'open'],
    [line(6, 0, 4), 'in part'],
    [line(6, 0, 6), 'received'],
    [line(6, 2, 4), 'short'],
    [line(6, 6, 0), 'cancelled'],
    [line(6, 0, 7), 'over'],
    [line(6, 6, 1), 'over'],
  ] as const)('of a line %o: %s', (given, state) => {
    expect(lineState(given)).toBe(state)
  })
})

describe('what stands against placing a draft', () => {
  const tea = { store: 'berlin', sku: 'tea', units: 12, unitCost: 12_500, packSize: 6 }
  const draft = { currency: 'EUR', lines: [tea], expressFee: 0, budget: null, minimumValue: null }
  const kinds = (given: Parameters<typeof draftProblems>[0]) => draftProblems(given).map(({ kind }) => kind)

  test('is nothing, when packs are whole and values fit', () => {
    expect(draftProblems({ ...draft, minimumValue: 150_000, budget: 150_000 })).toEqual([])
    expect(goodsValue(draft.lines)).toBe(150_000n)
  })

  test('is an order without lines', () => {
    expect(kinds({ ...draft, lines: [] })).toEqual(['empty'])
  })

  test('is a part of a pack, with what would do', () => {
    const [problem] = draftProblems({ ...draft, lines: [{ ...tea, units: 13 }] })
    expect(problem).toMatchObject({ kind: 'pack', line: { store: 'berlin', sku: 'tea' } })
    expect(problem?.detail).toBe('13 of tea for berlin are no whole packs of 6: order 12 or 18.')
    expect(draftProblems({ ...draft, lines: [{ ...tea, units: 2 }] })[0]?.detail).toContain('order 6.')
  })

  test('is a value below the least of the supplier: express does not count towards it', () => {
    const [problem] = draftProblems({ ...draft, expressFee: 90_000, minimumValue: 150_001 })
    expect(problem).toMatchObject({ kind: 'minimum', line: null })
  })

  test('is a value above its budget, express among it', () => {
    expect(kinds({ ...draft, expressFee: 1, budget: 150_000 })).toEqual(['budget'])
  })
})
