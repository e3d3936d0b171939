import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { projectRoot } from '#platform/environment.ts'

// The rules of biome.json, held against modules that break them: a pattern that matches nothing would keep nothing.

/** Modules by path, each with what is found wrong with it. */
const planted: Record<string, [source: string, wrong: string | null]> = {
  'server/stream/a.ts': [`import { x } from '#jobs/planner/plan.ts'`, 'server/stream may import only'],
  'server/stream/b.ts': [`import type { X } from '#server/serving/rows.ts'`, 'server/stream may import only'],
  'server/stream/c.test.ts': [`import { x } from '#jobs/planner/plan.ts'`, 'server/stream may import only'],
  'server/stream/d.ts': [`import { x } from '../log/order-log.ts'`, 'server/stream may import only'],
  'server/stream/main.ts': [`import { x } from '#server/log/order-log.ts'`, null],
  'server/stream/e.test.ts': [`import { x } from '#db/testing/database.ts'`, null],
  'jobs/a.ts': [`import { x } from '#server/stream/consumer.ts'`, 'jobs may import only'],
  'jobs/b.ts': [`export * from '#server/serving/rows.ts'`, 'jobs may import only'],
  'jobs/c.ts': [`import { x } from '../server/stream/consumer.ts'`, 'jobs may import only'],
  'jobs/main.ts': [`import { x } from '#server/stream/consumer.ts'`, "The batch path's entry points"],
  'jobs/registry.ts': [`import { x } from '#server/serving/reconcile/reconcile.ts'`, null],
  'server/log/a.ts': [`import { x } from '#server/stream/consumer.ts'`, 'server/log may import only'],
  'server/intake/a.ts': [`import { x } from '#server/stream/consumer.ts'`, 'server/intake may import only'],
  'server/serving/a.ts': [`import { x } from '#server/web/pages.ts'`, 'server/serving may import only'],
  'server/notify/a.ts': [`import { x } from '#server/web/pages.ts'`, 'server/notify may import only'],
  'server/notify/b.ts': [`import { x } from '#server/serving/rows.ts'`, null],
  'server/web/a.ts': [`import { x } from '#server/stream/consumer.ts'`, 'server/web may import only'],
  'server/web/trpc/a.ts': [`import { x } from '#db/client.ts'`, 'server/web/trpc may import only'],
  'domain/a.ts': [`import { x } from '#db/client.ts'`, 'domain may import only'],
  'domain/b.ts': [`import { x } from '../db/client.ts'`, 'domain may import only'],
  'db/a.ts': [`import { x } from '#server/log/order-log.ts'`, 'db may import only'],
  'platform/a.ts': [`import { x } from '#domain/money.ts'`, 'platform may import only'],
  'platform/launch/a.ts': [`import { x } from '#db/client.ts'`, null],
  'app/a.tsx': [`import { x } from '#db/client.ts'`, 'app may import only'],
  'app/b.tsx': [`const x = await import('#server/serving/rows.ts')`, 'app may import only'],
  'app/c.tsx': [`import type { AppRouter } from '#server/web/trpc/router.ts'`, null],
  'seed/simulators/a.ts': [`import { x } from '#server/log/order-log.ts'`, 'What plays the shops'],
  'seed/simulators/b.ts': [`import { x } from '#seed/seeder/seed-log.ts'`, 'What plays the shops'],
  'seed/simulators/c.ts': [`import { x } from '#seed/world/world.ts'`, null],
  'seed/seeder/a.ts': [`import { x } from '#server/log/order-log.ts'`, null],
  'server/log/kafka/a.ts': [`import { x } from '#scale/kafka/broker.ts'`, 'server/log may import only'],
  'server/log/kafka/a.integration.test.ts': [`import { x } from '#scale/kafka/broker.ts'`, null],
  'scale/a.ts': [`import { x } from '#server/stream/consumer.ts'`, 'scale may import only'],
  'scale/b.ts': [`import { x } from '#server/log/order-log.ts'`, null],
  'server/somewhere-new/a.ts': [`import { x } from '#domain/money.ts'`, 'No rule says'],
  'server/intake/b.ts': [`import postgres from 'postgres'\nimport { kill } from 'node:process'`, null],
  'server/intake/c.ts': [`// import { x } from '#jobs/planner/plan.ts'`, null],
  'domain/cycle-a.ts': [`import { b } from './cycle-b.ts'\nexport const a = () => b`, 'part of a cycle'],
  'domain/cycle-b.ts': [
    `import { a } from '#domain/cycle-a.ts'\nexport const b = () => a`,
    'part of a cycle',
  ],
  'domain/types-a.ts': [`import type { B } from './types-b.ts'\nexport type A = B`, 'part of a cycle'],
  'domain/types-b.ts': [
    `import type { A } from './types-a.ts'\nexport type B = { of: A } | 1`,
    'part of a cycle',
  ],
  'server/intake/d.ts': [`export const port = process.env.PORT`, 'process.env'],
  'platform/environment.ts': [`export const port = process.env.PORT`, null],
}

let root = ''
let found: { file: string; text: string }[] = []

beforeAll(async () => {
  root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'tillstream-imports-')))
  for (const name of ['biome.json', 'package.json', '.gitignore'])
    cpSync(path.join(projectRoot, name), path.join(root, name))
  for (const [file, [source]] of Object.entries(planted)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    writeFileSync(path.join(root, file), `${source}\n`)
  }
  found = await lint()
}, 60_000)
afterAll(() => rmSync(root, { recursive: true }))

const RULES = ['noRestrictedImports', 'noImportCycles', 'noProcessEnv']

async function lint(): Promise<{ file: string; text: string }[]> {
  const biome = path.join(projectRoot, 'node_modules/@biomejs/biome/bin/biome')
  const { promise, resolve } = Promise.withResolvers<string>()
  // Not "--only": that would also turn on what an exception turns off.
  const args = [biome, 'lint', '--reporter=github', '--max-diagnostics=none']
  execFile(process.execPath, args, { cwd: root }, (_failed, stdout) => resolve(stdout))
  return [...(await promise).matchAll(/^::\w+ title=lint\/\w+\/(\w+),file=([^,]+),.*?::(.*)$/gm)]
    .filter(([, rule = '']) => RULES.includes(rule))
    .map(([, , file = '', text = '']) => ({ file: path.relative(root, file), text }))
}

describe('the import rules', () => {
  test.each(Object.entries(planted))('%s: %s', (file, [, wrong]) => {
    const texts = found.filter(one => one.file === file).map(({ text }) => text)
    expect(texts).toEqual(wrong === null ? [] : [expect.stringContaining(wrong)])
  })
})
