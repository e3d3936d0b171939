import { expect, test } from '@playwright/test'
import { businessDayOf } from '#domain/business-day.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { berlin, lisboa, tokyo } from '#domain/testing/stores.ts'
import { inMidDay } from './mid-day.ts'

test('at any hour the stores of browser tests are hours inside of a business day of the same date', () => {
  // A day of the winter and one of the summer, by half hours.
  for (const midnight of [Date.UTC(2026, 10, 30), Date.UTC(2026, 6, 1)]) {
    for (let now = midnight; now < midnight + DAY_MS; now += 30 * MINUTE_MS) {
      const days = [berlin, lisboa, tokyo].flatMap(store => {
        const calendar = inMidDay(store, now)
        return [-2 * HOUR_MS, 0, 2 * HOUR_MS].map(later => businessDayOf(now + later, calendar))
      })
      expect(new Set(days).size, new Date(now).toISOString()).toBe(1)
    }
  }
})
