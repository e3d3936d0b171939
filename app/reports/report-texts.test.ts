import { describe, expect, it } from 'vitest'
import { changeText, figureText, percentText } from '#app/reports/report-texts.ts'

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
