/** A command that was called wrongly. The message says how to call it. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Runs a command and sets the exit code. What went wrong is one clear line on standard error; a stack follows
 * only where the fault is ours.
 * @param usageExitCode for unknown options and the like
 */
export async function runCommand(run: () => Promise<number>, { usageExitCode = 2 } = {}): Promise<void> {
  try {
    process.exitCode = await run()
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`)
    process.exitCode = isUsageError(error) ? usageExitCode : 1
  }
}

function isUsageError(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return error instanceof UsageError || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'))
}

const OUR_FAULTS = new Set(['Error', 'TypeError', 'RangeError', 'ReferenceError'])

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (isUsageError(error)) return `${error.message.split('\n')[0]} (--help lists the options)`
  return OUR_FAULTS.has(error.name) && !('code' in error) ? (error.stack ?? error.message) : error.message
}
