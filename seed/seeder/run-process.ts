import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'

/** A process of ours that did not end well. The message holds what it said. */
export class ProcessFailedError extends Error {
  override readonly name = 'ProcessFailedError'
}

const KEPT_OUTPUT = 4_000

/**
 * Runs one of the project's programs to its end.
 * @param entry path from the project's folder
 * @throws ProcessFailedError with the end of its output; the reason of `stop` when that fires
 */
export async function runProcess(options: {
  entry: string
  args: readonly string[]
  environment: Readonly<Record<string, string>>
  stop: AbortSignal
}): Promise<void> {
  const { entry, args, environment, stop } = options
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      // Ends it when this process is gone without a word.
      `--import=${path.join(projectRoot, 'platform/follow-parent.mjs')}`,
      path.join(projectRoot, entry),
      ...args,
    ],
    {
      cwd: projectRoot,
      env: inheritedEnvironment(environment),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      signal: stop,
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT)
    })
  }
  const [code, signal] = (await once(child, 'close').catch((error: unknown) => {
    throw stop.aborted ? stop.reason : error
  })) as [number | null, NodeJS.Signals | null]
  if (code === 0) return
  throw new ProcessFailedError(
    `${[entry, ...args].join(' ')} failed (${signal ?? `exit code ${code}`}):\n${output.trim()}`,
  )
}
