import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'

const sizeLimit = 10 * 1024 * 1024

export type LogFile = Readonly<{ path: string; append(text: string): void }>

/**
 * A file that keeps the newest 10 to 20 MB: at 10 MB it becomes `<file>.1`, in place of the one before.
 *
 * Written synchronously: what a process said before it died must be there. A disk that is full costs log
 * lines, never the process.
 */
export function openLogFile(file: string): LogFile {
  mkdirSync(path.dirname(file), { recursive: true })
  let size = sizeOf(file)
  return {
    path: file,
    append(text) {
      try {
        if (size > sizeLimit) {
          renameSync(file, `${file}.1`)
          size = 0
        }
        appendFileSync(file, text)
        size += Buffer.byteLength(text)
      } catch {
        // Nowhere left to say it.
      }
    },
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
