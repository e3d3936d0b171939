import path from 'node:path'
import { openLogFile } from './log-file.ts'
import { readLogLine } from './log-lines.ts'
import { createThrottle } from './throttle.ts'

/** Takes the lines of one process. */
export type ProcessOutput = Readonly<{
  take(line: string, stream: 'stdout' | 'stderr'): void
  /** From now on lines go to the file alone: while everything stops, each loses the others. */
  mute(): void
  /** The last lines that mattered to a person. */
  lastProblems(): readonly string[]
  file: string
}>

const problemsKept = 8

/** Everything goes to `<logDir>/<name>.log`; warnings and errors, not too many at once, also to the console. */
export function openProcessOutput(options: {
  name: string
  logDir: string
  show: (text: string) => void
}): ProcessOutput {
  const { name, logDir, show } = options
  const log = openLogFile(path.join(logDir, `${name}.log`))
  const throttle = createThrottle({ limit: 6, perMs: 10_000 })
  const problems: string[] = []
  let muted = false
  return {
    file: log.path,
    take(line, stream) {
      log.append(`${line}\n`)
      const { level, text } = readLogLine(line, stream)
      if (level === 'info' || text.trim() === '') return
      problems.push(text)
      if (problems.length > problemsKept) problems.shift()
      if (muted) return
      const { show: showing, leftOut } = throttle(performance.now())
      if (showing && leftOut > 0) show(`${name}: … ${leftOut} more in ${log.path}`)
      if (showing) show(`${name}: ${text}`)
    },
    mute() {
      muted = true
    },
    lastProblems: () => problems,
  }
}
