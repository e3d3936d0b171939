import { expect, test } from 'vitest'
import { appendRanges } from '#jobs/reports/set-reading.ts'
import { cutIntoSets } from '#jobs/run/run-wanted.ts'
import { TestFacts } from '#jobs/testing/facts.ts'

test('A year of a store is a few sets, each of one job', () => {
  const facts = new TestFacts()
  for (let day = 0; day < 365; day += 1) {
    facts.sell(new Date(Date.UTC(2025, 0, 1 + day)).toISOString().slice(0, 10))
  }
  const sets = cutIntoSets(facts.plan('2026-02-01T00:00:00Z').slots)
  expect(sets.map(set => set.job)).toEqual([
    'daily_sales',
    'hourly_sales',
    'daily_product_sales',
    'daily_inventory',
    'daily_reviews',
    'completeness',
  ])
  expect(sets[0]?.slots).toHaveLength(365)
})

test('Sets are cut by events, and a day larger than that stands alone', () => {
  const facts = new TestFacts()
  for (const day of ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19']) facts.sell(day).sell(day)
  for (let more = 0; more < 10; more += 1) facts.sell('2026-11-18')
  const slots = facts.plan('2026-11-20T12:00:00Z').slots.filter(slot => slot.job === 'daily_sales')
  const sets = cutIntoSets(slots, { maxEvents: 4, maxSlots: 100 })
  expect(sets.map(set => set.slots.map(slot => slot.period.slice(-2)))).toEqual([
    ['16', '17'],
    ['18'],
    ['19'],
  ])
})

test('Sets are cut by slots', () => {
  const facts = new TestFacts().sell('2026-11-16').sell('2026-11-17').sell('2026-11-18')
  const slots = facts.plan('2026-11-20T12:00:00Z').slots.filter(slot => slot.job === 'daily_sales')
  expect(cutIntoSets(slots, { maxEvents: 100, maxSlots: 2 }).map(set => set.slots.length)).toEqual([2, 1])
})

test('Append days that follow each other are read as one stretch, others apart', () => {
  expect(appendRanges(['2026-11-20', '2026-10-01', '2026-11-19', '2026-11-20'])).toEqual([
    { from: '2026-10-01', to: '2026-10-02' },
    { from: '2026-11-19', to: '2026-11-21' },
  ])
  expect(appendRanges([])).toEqual([])
})
