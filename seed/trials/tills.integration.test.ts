import { expect, test } from 'vitest'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { POISONS } from '#seed/simulators/scenarios/tills.ts'
import { TRIAL_START } from './testing/seeded.ts'
import { expectCounted, ordersIn, readAlerts, readDeadLetters, runTrial } from './testing/trial.ts'

test('till offline: its minutes close without it, and its backlog revises them', async () => {
  const backAt = TRIAL_START + 6 * MINUTE_MS
  const trial = await runTrial({ scenario: 'till-offline', minutes: 8, scenarioMinutes: 6 })
  await expectCounted(trial)
  const [report] = trial.reports
  const source = report?.detail.split(' ')[0] ?? ''
  expect(source).toMatch(/^pos-/)
  // Its clock may be some seconds off.
  const backlog = await trial.database.sql<{ eventTime: number; appendedAt: number; store: string }[]>`
    select event_time as "eventTime", appended_at as "appendedAt", store from log.event_log
    where source = ${source} and appended_at >= ${TRIAL_START} and event_time < ${backAt - 10_000}`
  expect(backlog.length).toBeGreaterThan(5)
  for (const { appendedAt } of backlog) expect(appendedAt).toBeGreaterThanOrEqual(backAt)
  const revised = await trial.database.sql`
    select revision from stream.windows
    where store = ${backlog[0]?.store ?? ''} and revision > 0
      and window_start between ${TRIAL_START} and ${backAt - 2 * MINUTE_MS}`
  expect(revised.length).toBeGreaterThan(2)
  expect(trial.reports.at(-1)).toMatchObject({ state: 'ended' })
})

test('till offline: while its line is down an alert says within minutes that it is silent, and who sold last', async () => {
  const offlineAt = TRIAL_START + 18 * MINUTE_MS
  const trial = await runTrial({
    scenario: 'till-offline',
    ordinaryMinutes: 18,
    scenarioMinutes: 12,
    minutes: 31,
    // A fortieth of what the simulators sell: habits of a quieter year.
    expectedPerHour: 20,
  })
  const source = trial.reports[0]?.detail.split(' ')[0] ?? ''
  const silent = (await readAlerts(trial)).filter(({ rule }) => rule === 'till_silent')
  // By habits that know no night, all have been silent in the nights before.
  const [alert, ...others] = silent.filter(({ openedAt }) => openedAt >= offlineAt)
  expect(others).toEqual([])
  expect(`pos-${alert?.store}-${alert?.subject}`).toBe(source)
  const [last] = alert?.evidence.receipts ?? []
  expect(last).toMatchObject({ source, type: 'order.placed' })
  expect(last?.eventTime).toBeLessThan(offlineAt + MINUTE_MS)
  expect(alert?.evidence.figures).toContainEqual(
    expect.objectContaining({ label: 'Orders since', value: '0' }),
  )
})

test('clock skew: a day ahead is a dead letter, three days behind revises and restates those days', async () => {
  // Sales under days whose tills have reported differ from those reports: that is what a wrong clock does.
  const trial = await runTrial({
    scenario: 'clock-skew',
    minutes: 4,
    isHistoryPublished: true,
    mayDiffer: ['z report'],
  })
  await expectCounted(trial)
  const letters = await readDeadLetters(trial)
  expect(letters['clock_skew']).toBeGreaterThan(2)
  const old = trial.accepted.filter(({ eventTime }) => Date.parse(eventTime) < TRIAL_START - 48 * HOUR_MS)
  expect(old.length).toBeGreaterThan(2)
  const { sql } = trial.database
  const [revised] = await sql`
    select sum(revision)::int as revisions from stream.windows
    where window_start between ${TRIAL_START - 73 * HOUR_MS} and ${TRIAL_START - 71 * HOUR_MS}`
  expect(revised?.revisions).toBeGreaterThanOrEqual(old.filter(({ type }) => type === 'order.placed').length)
  const restated = await sql`
    select metric from batch.restatements where business_day < ${new Date(TRIAL_START).toISOString().slice(0, 10)}`
  expect(restated.length).toBeGreaterThan(0)
  const [ahead] = await sql`
    select count(*)::int as count from stream.checkpoints where watermark > ${TRIAL_START + 10 * MINUTE_MS}`
  expect(ahead?.count).toBe(0)
})

test('poison events: each is a dead letter by its reason, and the sales between them count', async () => {
  const trial = await runTrial({ scenario: 'poison-events', minutes: 2 })
  await expectCounted(trial)
  const letters = await readDeadLetters(trial)
  expect(Object.keys(letters).sort()).toEqual([...POISONS].sort())
  const told = trial.rejected.map(({ reason }) => reason)
  for (const [reason, count] of Object.entries(letters)) {
    expect(told.filter(one => one === reason).length, reason).toBe(count)
  }
  expect(ordersIn(trial).length).toBeGreaterThan(40)
})
