import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { ArchiveError } from '#domain/log-archive.ts'
import type { ArchiveStore } from './archive-store.ts'

/** An archive in a folder. Files appear by a rename, flushed to the disk before. */
export function openFolderStore(folder: string): ArchiveStore {
  const inFolder = (name: string) => path.join(folder, name)

  async function appear(name: string, write: (temporary: string) => Promise<void>): Promise<void> {
    const target = inFolder(name)
    await mkdir(path.dirname(target), { recursive: true })
    const temporary = `${target}.${process.pid}.part`
    try {
      await write(temporary)
      await flush(temporary)
      await rename(temporary, target)
      await flush(path.dirname(target))
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  return {
    address: folder,
    async list(prefix) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(unlessMissing([]))
      return entries
        .filter(entry => entry.isFile() && !entry.name.endsWith('.part'))
        .map(entry =>
          path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'),
        )
        .filter(name => name.startsWith(prefix))
        .sort()
    },
    readText: name => readFile(inFolder(name), 'utf8').catch(unlessMissing(null)),
    writeText: (name, text) => appear(name, temporary => writeFile(temporary, text)),
    upload: (name, file) => appear(name, temporary => copyFile(file.path, temporary)),
    async localPath(name) {
      const found = await stat(inFolder(name)).catch(unlessMissing(null))
      if (!found?.isFile()) throw new ArchiveError(`${name} is missing in ${folder}`)
      return inFolder(name)
    },
    localFolder: () => folder,
    remove: name => rm(inFolder(name), { force: true }),
  }
}

function unlessMissing<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return error => {
    if (error.code === 'ENOENT') return value
    throw error
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
