import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { committedFiles } from './committed.ts'

// Writes the files by which the Java domain is held to this one: `node server/stream/testing/java-cases/java-cases-main.ts`.
for (const [file, content] of committedFiles()) {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, content)
}
