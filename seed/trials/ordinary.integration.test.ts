import { expect, test } from 'vitest'
import { expectCounted, runTrial } from './testing/trial.ts'

test('ordinary: both paths hold what was sold, what is broken is a dead letter, what was sent twice counts once', async () => {
  const trial = await runTrial({ scenario: 'ordinary', minutes: 25 })
  await expectCounted(trial)
  expect(trial.duplicates).toBeGreaterThan(0)
  const [letters] = await trial.database.sql`select count(*)::int as count from intake.dead_letters`
  expect(letters?.count).toBe(trial.rejected.length)
})

test('ordinary: journals of yesterday complete that day, those of today come every ten minutes, and reviews', async () => {
  const trial = await runTrial({ scenario: 'ordinary', minutes: 11, stores: 8 })
  await expectCounted(trial)
  expect(trial.dropped).toEqual([
    'lisbon-baixa-2026-11-19.ndjson',
    'madrid-sol-2026-11-19.ndjson',
    expect.stringMatching(/^reviews-2026-11-20T1535/),
    'lisbon-baixa-2026-11-20-0.ndjson',
    'lisbon-baixa-2026-11-20-1.ndjson',
    'madrid-sol-2026-11-20-0.ndjson',
    'madrid-sol-2026-11-20-1.ndjson',
  ])
  const days = await trial.database.sql`
    select distinct state from reports.completeness
    where store in ('lisbon-baixa', 'madrid-sol') and business_day = '2026-11-19'`
  expect(days.map(({ state }) => state)).toEqual(['complete'])
})
