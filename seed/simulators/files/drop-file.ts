import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * Puts a file into the drop folder: whole under its name first, then its mark. Doing it again, as after a crash
 * between the two, ends the same.
 */
export async function dropFile(
  dropDir: string,
  file: { mapping: string; name: string; content: string | Uint8Array },
): Promise<void> {
  const folder = path.join(dropDir, file.mapping)
  await mkdir(folder, { recursive: true })
  // Nobody looks at names that begin with a dot. Written here and not moved in: the folder may be another disk.
  const unfinished = path.join(folder, `.${file.name}`)
  await writeFile(unfinished, file.content)
  await rename(unfinished, path.join(folder, file.name))
  await writeFile(path.join(folder, `${file.name}.done`), '')
}
