import path from 'node:path'
import { styleText } from 'node:util'
import { projectRoot } from '#platform/environment.ts'

/** What a command tells the person at the console, a line for each thing. */
export type Terminal = Readonly<{
  line(text: string): void
  /** Runs a step, and says when it is done how long it took. */
  step<Result>(
    name: string,
    work: () => Promise<Result>,
    detail?: (result: Result) => string,
  ): Promise<Result>
  /** A step that went well. */
  done(name: string, tookMs: number, detail?: string): void
  /** A step that did not, with what it said. */
  failed(name: string, output: string): void
  warn(text: string): void
}>

const nameWidth = 22

/** @param output standard output, or standard error where output must stay clean */
export function openTerminal(output: NodeJS.WritableStream): Terminal {
  // Whoever reads us may be gone; that must not end what we run.
  output.on('error', () => {})
  const line = (text: string) => void output.write(`${text}\n`)
  const done: Terminal['done'] = (name, tookMs, detail = '') => {
    const said = detail === '' ? seconds(tookMs) : `${seconds(tookMs)}  ${detail}`
    line(`  ${styleText('green', '✓')} ${name.padEnd(nameWidth)} ${styleText('dim', said)}`)
  }
  return {
    line,
    done,
    async step(name, work, detail) {
      const began = performance.now()
      const result = await work()
      done(name, performance.now() - began, detail?.(result))
      return result
    },
    failed: (name, said) => line(`  ${styleText('red', '✗')} ${name}\n${said}`),
    warn: text => line(`  ${styleText('yellow', '!')} ${text}`),
  }
}

/** As '0.8 s' or '1 min 05 s', of one width where it can be. */
export function seconds(milliseconds: number): string {
  const total = milliseconds / 1000
  if (total < 60) return `${total.toFixed(1).padStart(4)} s`
  const whole = Math.round(total)
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

/** A path inside the project is short to read without the project's own. */
export function shownPath(directory: string): string {
  const relative = path.relative(projectRoot, directory)
  return relative.startsWith('..') ? directory : relative
}
