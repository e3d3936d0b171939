import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchJars, JarError } from './fetch-jars.ts'

const bytes = { 'org/a/a/1/a-1.jar': 'jar a', 'org/b/b/2/b-2.jar': 'jar b' }
const asked: string[] = []
const server = createServer((request, response) => {
  const name = request.url?.slice(1) ?? ''
  asked.push(name)
  const content = Object.entries(bytes).find(([jar]) => jar === name)?.[1]
  response.writeHead(content === undefined ? 404 : 200).end(content)
})
let root = ''
beforeAll(async () => {
  root = mkdtempSync(path.join(os.tmpdir(), 'tillstream-jars-'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.close()
  rmSync(root, { recursive: true })
})

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function lockOf(name: string, jars: { path: string; sha256: string }[]) {
  const lockFile = path.join(root, `${name}.lock.json`)
  writeFileSync(lockFile, JSON.stringify(jars))
  const mavenRepository = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { lockFile, settings: { javaHome: undefined, jarsDir: path.join(root, name), mavenRepository } }
}

test('jars are fetched once, held against their checksums, and fetched again when one was changed', async () => {
  const locked = Object.entries(bytes).map(([jar, content]) => ({ path: jar, sha256: sha256(content) }))
  const { lockFile, settings } = lockOf('good', locked)
  const places = await fetchJars(lockFile, { settings })
  expect(places.map(place => readFileSync(place, 'utf8'))).toEqual(['jar a', 'jar b'])
  asked.length = 0
  await fetchJars(lockFile, { settings })
  expect(asked).toEqual([])
  writeFileSync(places[1] ?? '', 'something else')
  await Promise.all([fetchJars(lockFile, { settings }), fetchJars(lockFile, { settings })])
  expect(new Set(asked)).toEqual(new Set(['org/b/b/2/b-2.jar']))
  expect(readFileSync(places[1] ?? '', 'utf8')).toBe('jar b')
})

test('a jar that is another than the one pinned is refused and not kept', async () => {
  const { lockFile, settings } = lockOf('bad', [{ path: 'org/a/a/1/a-1.jar', sha256: sha256('jar x') }])
  await expect(fetchJars(lockFile, { settings })).rejects.toThrow(/not what the lock file pins/)
  expect(() => readdirSync(settings.jarsDir)).toThrow(/ENOENT/)
})

test('a repository that has no such jar is named, with what to do', async () => {
  const { lockFile, settings } = lockOf('none', [{ path: 'org/c/c/1/c-1.jar', sha256: sha256('c') }])
  await expect(fetchJars(lockFile, { settings })).rejects.toThrow(JarError)
  await expect(fetchJars(lockFile, { settings })).rejects.toThrow(/answers 404.*MAVEN_REPOSITORY/)
})
