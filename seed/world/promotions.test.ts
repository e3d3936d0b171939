import { describe, expect, test } from 'vitest'
import { addDays } from '#domain/calendar.ts'
import { announcedPromotions, promotionsOn } from './promotions.ts'

const SPAN = { from: '2026-11-02', to: '2027-01-03' }
const DAYS = Array.from({ length: 63 }, (_, index) => addDays(SPAN.from, index))

describe('promotions as they are announced', () => {
  const announced = announcedPromotions(4, SPAN)

  test('are, day by day, what the shops grant', () => {
    for (const day of DAYS) {
      const granted = promotionsOn(4, day).map(({ title, discount }) => `${title} ${discount}`)
      const told = announced
        .filter(({ firstDay, lastDay, discount }) => discount !== null && firstDay <= day && day <= lastDay)
        .map(({ title, discount }) => `${title} ${discount}`)
      expect(told.sort(), day).toEqual(granted.sort())
    }
  })

  test('name the great days too, on which nothing is cheaper for it', () => {
    expect(announced.filter(({ discount }) => discount === null)).toEqual([
      expect.objectContaining({
        id: 'black-friday-2026-11-27',
        firstDay: '2026-11-27',
        lastDay: '2026-11-27',
      }),
      expect.objectContaining({ title: 'Christmas shopping', firstDay: '2026-12-18', lastDay: '2026-12-23' }),
    ])
    expect(announced.find(({ title }) => title === 'Black week')).toMatchObject({
      firstDay: '2026-11-20',
      lastDay: '2026-11-30',
      discount: 0.25,
    })
  })

  test('have each a name of their own', () => {
    expect(new Set(announced.map(({ id }) => id)).size).toBe(announced.length)
  })
})
