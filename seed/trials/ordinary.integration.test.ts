import { expect, test } from 'vitest'
import { expectCounted } from './expect-counted.ts'
import { runTrial } from './trial.ts'

test('ordinary: both paths hold what was sold, what is broken is a dead letter, what was sent twice counts once', async () => {
  const trial = await runTrial({ scenario: 'ordinary', minutes: 25 })
  await expectCounted(trial)
  expect(trial.duplicates).toBeGreaterThan(0)
  const [letters] = await trial.database.sql`select count(*)::int as count from intake.dead_letters`
  expect(letters?.count).toBe(trial.rejected.length)
})
