import { expect, inject, test } from 'vitest'
import { DAY_MS } from '#domain/instant.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { DEFINED_REPORTS } from '#jobs/reports/definitions.ts'
import { createTestBatch, type TestBatch } from '#jobs/testing/batch.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { followLog } from './follow-log.ts'
import { loadFacts } from './load-facts.ts'
import { plan, triedKey, type Wanted } from './plan.ts'

const DUE: Wanted = { kind: 'due' }
const EVERYTHING: Wanted = { kind: 'range', jobs: [], from: '2026-01-01', to: '2027-12-31' }

/** What is due by a rough look at what may be open, and by looking at all months there are. */
async function dueBothWays(
  { connect }: TestBatch,
  now: string,
): Promise<{ rough: string[]; full: string[] }> {
  const sql = connect()
  const basis = await followLog(sql)
  const due = async (scope: Wanted) => {
    const facts = await loadFacts(sql, { basis, rules: DEFINED_REPORTS, wanted: scope })
    const planned = plan({
      now: Date.parse(now),
      facts,
      rules: DEFINED_REPORTS,
      wanted: DUE,
      tried: new Set(),
    })
    // How many days follow a restated day of stock at once is a matter of the scope: the rest come next.
    return planned.slots
      .filter(slot => slot.reason !== 'its opening may have changed')
      .map(triedKey)
      .sort()
  }
  return { rough: await due(DUE), full: await due(EVERYTHING) }
}

test('The rough look at the ledger misses nothing that is due', async () => {
  const batch = await createTestBatch()
  const { sql, runDue } = batch
  const events = randomEvents({
    random: seededRandom(inject('randomSeed')),
    count: 900,
    start: Date.parse('2026-08-20T00:00:00Z'),
    spanMs: 82 * DAY_MS,
  })
  async function expectNothingMissed(now: string, { someDue = true } = {}): Promise<void> {
    const { rough, full } = await dueBothWays(batch, now)
    expect(rough).toEqual(full)
    expect(full.length > 0).toBe(someDue)
  }
  await appendTestEvents(sql, events.slice(0, 600))
  await expectNothingMissed('2026-10-15T12:00:00Z')
  await runDue('2026-10-15T12:00:00Z')
  await expectNothingMissed('2026-10-15T12:00:00Z', { someDue: false })
  // Days that were future have ended by now; nothing was appended.
  await expectNothingMissed('2026-11-20T12:00:00Z')
  await runDue('2026-11-20T12:00:00Z')
  await appendTestEvents(sql, events.slice(600))
  await expectNothingMissed('2026-11-20T12:00:00Z')
  // Days run, weeks and months do not.
  const daily = DEFINED_REPORTS.filter(report => report.grain === 'day')
  await runDue('2026-11-20T12:00:00Z', { reports: daily })
  await expectNothingMissed('2026-11-20T12:00:00Z')
  await runDue('2026-11-20T12:00:00Z')
  await expectNothingMissed('2026-11-20T12:00:00Z', { someDue: false })
  await sql`insert into ref.products (sku, category) values ('tea', 'drinks')`
  await expectNothingMissed('2026-11-20T12:00:00Z')
  await runDue('2026-11-20T12:00:00Z')
  // From the middle of the days on, so that some are dirty and some are not.
  await sql`insert into ref.exchange_rates values ('USD', 'EUR', '2026-09-10', 0.9), ('INR', 'EUR', '2026-10-01', 0.01)`
  await expectNothingMissed('2026-11-20T12:00:00Z')
  await runDue('2026-11-20T12:00:00Z')
  await expectNothingMissed('2026-11-20T12:00:00Z', { someDue: false })
  await sql`
    update batch.current_runs set checksum = 'other' where job = 'daily_inventory' and period = '2026-09-10'`
  await expectNothingMissed('2026-11-20T12:00:00Z')
  await runDue('2026-11-20T12:00:00Z')
  await sql`update batch.current_runs set code_version = '0' where job = 'weekly_sales' and period < '2026-09-01'`
  await expectNothingMissed('2026-11-20T12:00:00Z')
  await runDue('2026-11-20T12:00:00Z')
  await expectNothingMissed('2026-11-20T12:00:00Z', { someDue: false })
})
