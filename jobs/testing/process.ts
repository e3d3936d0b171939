import { onTestFinished } from 'vitest'
import { type Program, startProgram } from '#platform/process.ts'

/** An entry point of the batch path as a process of its own, on a given database. Ends with the test. */
export function startJobsProcess(options: {
  entry: 'main.ts' | 'schedule/main.ts'
  args: string[]
  databaseUrl: string
  environment?: Record<string, string>
}): Program {
  const { entry, args, databaseUrl, environment } = options
  const program = startProgram({
    entry: `jobs/${entry}`,
    args,
    settings: { DATABASE_URL: databaseUrl, ...environment },
  })
  onTestFinished(() => program.kill('SIGKILL'))
  return program
}
