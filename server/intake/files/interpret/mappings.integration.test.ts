import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createTestDatabase } from '#db/testing/database.ts'
import { partId } from '#domain/derived-id.ts'
import { findSourceFiles } from '#server/intake/files/read/source-file.ts'
import { runImport } from '#server/intake/files/store/run-import.ts'
import { parseMapping } from './mapping.ts'

const GUIDE = path.resolve(import.meta.dirname, '../../../../docs/mappings.md')

test('the worked example of the guide gives what the guide says', async () => {
  const guide = await readFile(GUIDE, 'utf8')
  const block = (language: string): string => guide.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? ''
  const mapping = parseMapping(block('json'), 'docs/mappings.md')
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-guide-'))
  const database = await createTestDatabase()
  try {
    await writeFile(path.join(folder, 'day.csv'), Buffer.from(block('csv'), 'latin1'))
    const { total } = await runImport({
      databaseUrl: database.url,
      files: await findSourceFiles(folder),
      mapping,
      rejectsPathOf: () => path.join(folder, 'rejects.csv'),
      clock: () => Date.parse('2026-11-21T00:00:00Z'),
    })
    expect(total).toMatchObject({
      rows: 6,
      orderRows: 3,
      returnRows: 1,
      stockAdjustmentRows: 1,
      setAsideRows: 1,
      rejectedRows: 0,
      eventsAppended: 4,
    })
    const events = await database.sql`
      select id, type, total_units as units, total_gross as gross, total_discounts as discounts,
        total_returns as returns, event_time as "eventTime"
      from log.event_log order by id`
    expect(events.map(event => ({ ...event }))).toEqual([
      {
        id: 'berlin-mitte/1001',
        type: 'order.placed',
        units: 3,
        gross: 12_740_000,
        discounts: 10_000,
        returns: 0,
        eventTime: Date.parse('2026-11-20T09:15:00Z'),
      },
      expect.objectContaining({
        id: 'berlin-mitte/1002',
        type: 'order.returned',
        units: 1,
        returns: 120_000,
      }),
      expect.objectContaining({
        id: partId('berlin-mitte/1003', 'adjust'),
        type: 'stock.adjusted',
        units: -1,
      }),
      expect.objectContaining({ id: 'berlin-west/1001', type: 'order.placed', gross: 125_000 }),
    ])
    const rejects = await readFile(path.join(folder, 'rejects.csv'), 'utf8')
    expect(rejects).toContain('7,7,set_aside')
  } finally {
    await database.drop()
    await rm(folder, { recursive: true })
  }
})
