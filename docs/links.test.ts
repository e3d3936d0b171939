import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '..')
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
}).split('\0')
const topFolders = new Set(files.filter(file => file.includes('/')).map(file => file.split('/', 1)[0]))
const pages = files.filter(file => /^(docs\/.*|README|CONTRIBUTING)\.md$/.test(file) && isThere(file))
/** A decision tells what was; the others tell what is. */
const current = pages.filter(page => !page.startsWith('docs/decisions/'))

test.each(pages)('%s links to what is there', page => {
  const folder = path.dirname(page)
  expect(linksOf(read(page)).filter(link => !isThere(path.join(folder, link)))).toEqual([])
})

test.each(current)('%s names files and folders that are there', page => {
  const text = read(page)
  // What a change that the page shows would make.
  const made = new Set(text.match(/(?<=^\+\+\+ b\/)\S+/gm))
  expect(pathsOf(text).filter(name => !made.has(name) && !isThere(name))).toEqual([])
})

function read(page: string): string {
  return readFileSync(path.join(root, page), 'utf8')
}

function isThere(name: string): boolean {
  return existsSync(path.join(root, name))
}

/** Targets of links and pictures within the repository, without the part of a page they lead to. */
function linksOf(text: string): string[] {
  const targets = text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"\s]+)"/g)
  return [...targets]
    .map(([, markdown, html]) => (markdown ?? html ?? '').replace(/#.*/, ''))
    .filter(target => target !== '' && !/^[a-z]+:/.test(target))
}

/** What stands in code marks and begins with a folder of the repository: `domain/window.ts`, `server/log/`. */
function pathsOf(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/`([\w.-]+\/[\w./[\]-]*)`/g)]
    .map(([, name]) => name ?? '')
    .filter(name => topFolders.has(name.split('/', 1)[0]))
}
