import { describe, expect, test } from 'vitest'
import { projectRoot } from '#platform/environment.ts'
import { checkImportDirections, describeViolation, findViolations, importsOf } from './import-directions.ts'

/** What the check says of one module with this source. */
function check(file: string, source: string): string[] {
  return findViolations(importsOf(file, source)).map(describeViolation)
}

describe('the import directions', () => {
  test('are kept in the whole project', async () => {
    expect((await checkImportDirections(projectRoot)).map(describeViolation)).toEqual([])
  })

  test('forbid the stream to import from the jobs, and name file, line, import and what is allowed', () => {
    const source = `import { log } from '#server/log/order-log.ts'\n\nimport { x } from '#jobs/daily-sales.ts'\n`
    expect(check('server/stream/operator.ts', source)).toEqual([
      'server/stream/operator.ts:3 imports jobs/daily-sales.ts: stream may import only from server/log/, domain/, ' +
        'db/, platform/environment.ts, not from jobs',
    ])
  })

  test.each([
    ['jobs/daily-sales.ts', `import { x } from '#server/stream/windows.ts'`],
    ['jobs/daily-sales.ts', `import { x } from '../server/stream/windows.ts'`],
    ['jobs/daily-sales.ts', `import { x } from '#server/serving/reconcile.ts'`],
    ['jobs/daily-sales.test.ts', `import { x } from '#server/stream/windows.ts'`],
    ['domain/money.ts', `import { x } from '#db/client.ts'`],
    ['domain/money.ts', `export * from '../db/client.ts'`],
    ['db/client.ts', `import type { Environment } from '#server/environment.ts'`],
    ['app/page.tsx', `import { sql } from '#db/client.ts'`],
    ['app/page.tsx', `const m = await import('#server/serving/overview.ts')`],
    ['seed/simulators/pos.ts', `import {\n  append,\n  read,\n} from '#server/log/order-log.ts'`],
    ['seed/simulators/pos.ts', `import { seedLog } from '../seed-log.ts'`],
    ['server/somewhere-new/x.ts', `import '#domain/money.ts'`],
  ])('forbid %s: %s', (file, source) => {
    expect(check(file, source)).toHaveLength(1)
  })

  test.each([
    ['server/stream/operator.ts', `import { x } from './windows.ts'`],
    ['server/stream/operator.ts', `import postgres from 'postgres'\nimport { kill } from 'node:process'`],
    ['server/stream/operator.ts', `// import { x } from '#jobs/daily-sales.ts'`],
    ['server/stream/operator.ts', `/*\n import { x } from '#jobs/daily-sales.ts'\n*/`],
    ['server/stream/x.integration.test.ts', `import { createTestDatabase } from '#db/testing.ts'`],
    ['jobs/main.ts', `import { reconcile } from '#server/serving/reconcile.ts'`],
    ['app/page.tsx', `import type { LiveSale } from '#server/web/live/messages.ts'`],
    ['seed/simulators/pos.ts', `import { world } from '../world/world.ts'`],
    ['seed/seeder/main.ts', `import { copyHistory } from '#server/log/copy-history.ts'`],
  ])('allow %s: %s', (file, source) => {
    expect(check(file, source)).toEqual([])
  })
})
