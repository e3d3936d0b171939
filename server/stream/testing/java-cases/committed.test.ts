import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '#platform/environment.ts'
import { committedFiles } from './committed.ts'

const files = [...committedFiles()].map(([file, content]) => ({
  name: path.relative(projectRoot, file),
  file,
  content,
}))

test.each(files)('$name says what our fold says today', async ({ file, content }) => {
  // A difference is either a fault, or a change of meaning: then java-cases-main.ts writes the files anew, and the Java side follows.
  expect(await readFile(file, 'utf8')).toBe(content)
})
