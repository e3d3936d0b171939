import { expect, test } from 'vitest'
import { DEFINED_REPORTS } from '#jobs/reports/definitions.ts'
import { TestFacts } from '#jobs/testing/facts.ts'
import { judgeSlots } from './dirty-verdicts.ts'

const FRIDAY = '2026-11-20'
const FRIDAY_NOON = '2026-11-20T12:00:00Z'
const SATURDAY_NOON = '2026-11-21T12:00:00Z'

/** 'job period: state', of these jobs. */
function verdicts(facts: TestFacts, now: string, ...jobs: string[]): string[] {
  return judgeSlots({ now: Date.parse(now), facts: facts.facts(), rules: DEFINED_REPORTS })
    .filter(({ job }) => jobs.includes(job))
    .map(({ job, period, state }) => `${job} ${period}: ${state}`)
}

test('a day that goes on is due for what runs at every tick and early for the rest, its week and month too', () => {
  const facts = new TestFacts().sell(FRIDAY)
  expect(
    verdicts(facts, FRIDAY_NOON, 'daily_sales', 'daily_reviews', 'weekly_sales', 'monthly_sales'),
  ).toEqual([
    'daily_sales 2026-11-20: due',
    'daily_reviews 2026-11-20: early',
    'weekly_sales 2026-11-16: early',
    'monthly_sales 2026-11-01: early',
  ])
})

test('what has run is settled, until the log has more of its day', () => {
  const facts = new TestFacts().sell(FRIDAY)
  facts.tick(SATURDAY_NOON)
  expect(
    judgeSlots({ now: Date.parse(SATURDAY_NOON), facts: facts.facts(), rules: DEFINED_REPORTS }),
  ).toEqual([])
  const standing = facts.runs.get(`daily_sales ${FRIDAY}`)?.runId
  facts.sell(FRIDAY)
  expect(verdicts(facts, SATURDAY_NOON, 'daily_sales', 'weekly_sales')).toEqual([
    'daily_sales 2026-11-20: due',
    'weekly_sales 2026-11-16: waiting',
  ])
  const [verdict] = judgeSlots({
    now: Date.parse(SATURDAY_NOON),
    facts: facts.facts(),
    rules: DEFINED_REPORTS,
  })
  expect(verdict).toMatchObject({ store: 'berlin', reason: 'new events', runId: standing })
})

test('what the schedule would run now is due, and nothing else is', () => {
  const facts = new TestFacts().sell('2026-11-18').sell('2026-11-19').reportTill('2026-11-19', 'till-1')
  facts.tick(FRIDAY_NOON)
  facts.sell('2026-11-18').sell(FRIDAY)
  const due = judgeSlots({ now: Date.parse(FRIDAY_NOON), facts: facts.facts(), rules: DEFINED_REPORTS })
    .filter(({ state }) => state === 'due')
    .map(({ job, period }) => `${job} ${period}`)
  // A chain is planned further than its first link: what follows waits for it.
  const planned = facts
    .plan(FRIDAY_NOON)
    .slots.filter(({ reason }) => reason !== 'its opening may have changed')
  expect(planned.map(slot => `${slot.job} ${slot.period}`).sort()).toEqual(due.sort())
})
