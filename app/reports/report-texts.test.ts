import { describe, expect, it } from 'vitest'
import {
  changeText,
  figureText,
  greatPromotions,
  offersText,
  percentText,
} from '#app/reports/report-texts.ts'

describe('a figure', () => {
  it('is written with its unit of counting, rounded for the eye', () => {
    expect(figureText('net', '48210.7549', 'EUR')).toBe('48,210.75')
    expect(figureText('net', '810.0000', 'JPY')).toBe('810')
    expect(figureText('units', '-1234', 'EUR')).toBe('−1,234')
    expect(figureText('returns_rate', '1.83', 'EUR')).toBe('1.8%')
    expect(figureText('average_rating', '4.2500', 'EUR')).toBe('4.25')
    expect(figureText('abc_class', 'A', 'EUR')).toBe('A')
  })

  it('that is not known is a dash, never a zero', () => {
    expect(figureText('net', null, 'EUR')).toBe('–')
    expect(changeText('net', null, 'EUR')).toBe('–')
    expect(percentText({ percent: null, isNew: false }, 1)).toBe('–')
  })
})

describe('a change', () => {
  it('says its direction, and none where there is none', () => {
    expect(changeText('net', '12.5000', 'EUR')).toBe('+12.50')
    expect(changeText('orders', '-3', 'EUR')).toBe('−3')
    expect(changeText('orders', '0', 'EUR')).toBe('0')
    expect(changeText('average_rating', '-0.0040', 'EUR')).toBe('0.00')
    expect(percentText({ percent: '3.2', isNew: false }, 1)).toBe('+3.2%')
    expect(percentText({ percent: null, isNew: true }, 1)).toBe('New')
  })

  it('of a percentage is in points', () => {
    expect(changeText('returns_rate', '0.31', 'EUR')).toBe('+0.3 points')
  })
})

describe('what was on offer', () => {
  const promotion = (title: string, firstDay: string, lastDay: string, more = {}) => ({
    ...{ title, firstDay, lastDay, discount: 0.25, share: 0.2 },
    ...more,
  })
  const promotions = [
    promotion('Black Friday', '2026-11-27', '2026-11-27', { discount: null, share: 1 }),
    promotion('Black week', '2026-11-20', '2026-11-30'),
    promotion('Tea: 15% off', '2026-11-23', '2026-11-29', { discount: 0.15, share: 0.05 }),
    promotion('Offers of the week', '2026-11-23', '2026-11-29', { discount: 0.2, share: 0.01 }),
  ]

  it('is named by its days, both included', () => {
    const on = (from: string, to = from) => offersText({ promotions }, { from, to })
    expect(on('2026-11-19')).toBeNull()
    expect(on('2026-11-20')).toBe('Black week (25% off)')
    expect(on('2026-11-30')).toBe('Black week (25% off)')
    expect(on('2026-11-29')).toBe('Black week (25% off), Tea: 15% off, Offers of the week (20% off)')
    expect(on('2026-11-23', '2026-11-29')).toBe('Black Friday, Black week (25% off), Tea: 15% off and 1 more')
  })

  it('is drawn on a chart of days where most customers met it', () => {
    expect(greatPromotions({ promotions, grain: 'day' }).map(({ title }) => title)).toEqual([
      'Black Friday',
      'Black week',
    ])
    expect(greatPromotions({ promotions, grain: 'month' })).toEqual([])
  })
})
