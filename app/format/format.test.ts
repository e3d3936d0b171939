import { describe, expect, it } from 'vitest'
import { daysInRange, formatDay, formatDayRange } from '#app/format/day.ts'
import {
  formatExactMoney,
  formatMoney,
  formatSignedMoney,
  isZeroMoney,
  sumAmounts,
} from '#app/format/money.ts'
import { formatCount, formatSignedCount } from '#app/format/number.ts'
import { formatAge, formatFullMoment, formatMoment, formatTime } from '#app/format/time.ts'

describe('money', () => {
  it('is rounded to the decimals of its currency, from the exact decimal', () => {
    expect(formatMoney('48210.7550', 'EUR')).toBe('48,210.76')
    expect(formatMoney('810.0000', 'JPY')).toBe('810')
    expect(formatMoney('9007199254740.9931', 'EUR')).toBe('9,007,199,254,740.99')
  })

  it('has a true minus sign, and none when it rounds to zero', () => {
    expect(formatMoney('-34.5000', 'EUR')).toBe('−34.50')
    expect(formatMoney('-0.0040', 'EUR')).toBe('0.00')
    expect(formatSignedMoney('1296.4500', 'EUR')).toBe('+1,296.45')
    expect(formatSignedMoney('0.0000', 'EUR')).toBe('0.00')
  })

  it('shows a difference below the smallest coin where exactness is asked for', () => {
    expect(formatExactMoney('-0.0001', 'EUR')).toBe('−0.0001')
    expect(formatExactMoney('12.5000', 'EUR')).toBe('12.50')
  })

  it('knows zero, and adds without floats', () => {
    expect(isZeroMoney('0.0000')).toBe(true)
    expect(isZeroMoney('-0.0000')).toBe(true)
    expect(isZeroMoney('0.0001')).toBe(false)
    expect(sumAmounts(['0.1000', '0.2000', '-0.3000'])).toBe(0)
    expect(() => sumAmounts(['12,50'])).toThrow('"12,50" is not an amount')
  })
})

describe('counts', () => {
  it('have thousands separators and say their direction where asked', () => {
    expect(formatCount(-1302)).toBe('−1,302')
    expect(formatSignedCount(37)).toBe('+37')
    expect(formatSignedCount(0)).toBe('0')
  })
})

describe('days', () => {
  it('are written as short as a range allows, both ends included', () => {
    expect(formatDay('2026-11-20')).toBe('Fri 20 Nov 2026')
    expect(formatDayRange('2010-12-01', '2010-12-20')).toBe('1–20 Dec 2010')
    expect(formatDayRange('2010-11-28', '2010-12-03')).toBe('28 Nov – 3 Dec 2010')
    expect(formatDayRange('2010-12-28', '2011-01-03')).toBe('28 Dec 2010 – 3 Jan 2011')
    expect(daysInRange('2010-12-01', '2010-12-20')).toBe(20)
  })
})

describe('times', () => {
  const autumn = Date.parse('2026-10-25T00:30:00Z')

  it('are wall-clock times of the zone, and tell the two hours of an autumn night apart by its name', () => {
    expect(formatTime(autumn, 'Europe/London')).toBe('01:30')
    expect(formatFullMoment(autumn, 'Europe/London')).toBe('Sun 25 Oct 2026, 01:30:00 BST')
    expect(formatFullMoment(autumn + 3_600_000, 'Europe/London')).toBe('Sun 25 Oct 2026, 01:30:00 GMT')
  })

  it('name the day only when it is another one', () => {
    expect(formatMoment(autumn, 'Europe/London', autumn + 60_000)).toBe('01:30')
    expect(formatMoment(autumn, 'Europe/London', autumn + 86_400_000)).toBe('25 Oct 01:30')
    expect(formatMoment(autumn, 'Europe/London', autumn + 90 * 86_400_000)).toBe('25 Oct 2026 01:30')
  })

  it('say an age in the units a person would', () => {
    expect(formatAge(12_400)).toBe('12 s')
    expect(formatAge(99_000)).toBe('1 min 39 s')
    expect(formatAge(3 * 3_600_000 + 120_000)).toBe('3 h 02 min')
    expect(formatAge(5 * 86_400_000)).toBe('5 days')
    expect(formatAge(-5)).toBe('0 s')
  })
})
