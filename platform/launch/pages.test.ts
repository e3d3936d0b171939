import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fingerprintOf } from './pages.ts'

const sources = {
  'app/page.tsx': `import { amount } from '#domain/money.ts'
    import type { Row } from '#server/serving/rows.ts'
    import './page.css'`,
  'app/page.css': 'body {}',
  'app/api/route.ts': `const { router } = await import('#server/web/router.ts')`,
  'domain/money.ts': `export { decimal } from './decimal.ts'`,
  'domain/decimal.ts': 'decimal',
  'server/web/router.ts': `import {\n  read,\n} from '#server/serving/read.ts'`,
  'server/serving/read.ts': 'read',
  'server/serving/rows.ts': 'rows',
  'server/stream/main.ts': 'process',
  'next.config.js': 'config',
}

let root = ''
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'tillstream-build-'))
  for (const [file, source] of Object.entries(sources)) write(file, source)
})
afterEach(() => rmSync(root, { recursive: true }))

function write(file: string, content: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), content)
}

describe('the pages are built anew', () => {
  test.each([
    ['a page', 'app/page.tsx'],
    ['a style', 'app/page.css'],
    ['a new page', 'app/new.tsx'],
    ['a module that a page imports', 'domain/money.ts'],
    ['what that module imports', 'domain/decimal.ts'],
    ['what the API answers with', 'server/serving/read.ts'],
    ['the configuration', 'next.config.js'],
    ['a dependency', 'package-lock.json'],
  ])('when %s changes', async (_, file) => {
    const before = await fingerprintOf(root)
    write(file, 'changed')
    expect(await fingerprintOf(root)).not.toBe(before)
  })

  test('when a file is renamed', async () => {
    const before = await fingerprintOf(root)
    rmSync(path.join(root, 'app/page.css'))
    write('app/other.css', sources['app/page.css'])
    expect(await fingerprintOf(root)).not.toBe(before)
  })

  test.each([
    ['a test', 'app/page.test.tsx'],
    ['a document', 'app/page.md'],
    ['another process', 'server/stream/main.ts'],
    ['a module of the server that no page imports', 'server/serving/other.ts'],
    ['types, which a build leaves out', 'server/serving/rows.ts'],
  ])('but not for %s', async (_, file) => {
    const before = await fingerprintOf(root)
    write(file, 'changed')
    expect(await fingerprintOf(root)).toBe(before)
  })
})
