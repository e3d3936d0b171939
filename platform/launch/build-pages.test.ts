import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sourceHash } from './build-pages.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'tillstream-build-'))
  write('app/page.tsx', 'page')
  write('next.config.js', 'config')
})
afterEach(() => rmSync(root, { recursive: true }))

function write(file: string, content: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), content)
}

describe('the pages are built anew', () => {
  test.each([
    ['a page', 'app/page.tsx'],
    ['a new module', 'domain/new.ts'],
    ['the configuration', 'next.config.js'],
    ['a dependency', 'package-lock.json'],
  ])('when %s changes', async (_, file) => {
    const before = await sourceHash(root)
    write(file, 'changed')
    expect(await sourceHash(root)).not.toBe(before)
  })

  test('when a file is renamed', async () => {
    const before = await sourceHash(root)
    rmSync(path.join(root, 'app/page.tsx'))
    write('app/other.tsx', 'page')
    expect(await sourceHash(root)).not.toBe(before)
  })

  test('but not for a test, a document or another process', async () => {
    const before = await sourceHash(root)
    write('app/page.test.tsx', 'test')
    write('docs/page.md', 'document')
    write('jobs/main.ts', 'process')
    write('app/page.tsx', 'page')
    expect(await sourceHash(root)).toBe(before)
  })
})
