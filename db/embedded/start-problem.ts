/** The embedded Postgres cannot do what was asked. The message says why and what to do next. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
}

export type StartProblem = 'port-taken' | 'still-in-use' | 'disk-full' | 'permission' | 'version' | 'unknown'

/** What kept the server from starting, read from what it wrote. The server is run with messages in English. */
export function classifyStartProblem(output: string): StartProblem {
  if (/Address already in use|could not bind/i.test(output)) return 'port-taken'
  if (/pre-existing shared memory block|lock file "postmaster\.pid" already exists/i.test(output)) {
    return 'still-in-use'
  }
  if (/No space left on device|Check free disk space|Disk quota exceeded/i.test(output)) return 'disk-full'
  if (/database files are incompatible with server/i.test(output)) return 'version'
  if (/Permission denied|invalid permissions|wrong ownership|Operation not permitted/i.test(output)) {
    return 'permission'
  }
  return 'unknown'
}

/** The error a person reads when the server could not start (or be created) in `serverDir`. */
export function explainStartProblem(failure: {
  problem: StartProblem
  serverDir: string
  port: number | undefined
  output: string
}): EmbeddedPostgresError {
  const { problem, serverDir, port, output } = failure
  return new EmbeddedPostgresError(
    `The embedded Postgres in ${serverDir} did not start: ${advice(problem, serverDir, port)}\n${lastLines(output, 12)}`,
  )
}

function advice(problem: StartProblem, serverDir: string, port: number | undefined): string {
  switch (problem) {
    case 'port-taken':
      return `port ${port ?? '?'} on 127.0.0.1 is taken by another program. Stop that program, then try again.`
    case 'still-in-use':
      return 'processes of an earlier server still hold its memory. Wait a moment and try again; if it stays, end them.'
    case 'disk-full':
      return 'the disk is full. Make room on it (or set DATA_DIR to a folder on another disk), then try again.'
    case 'permission':
      return (
        `${serverDir} cannot be used by the user who runs the server. Run as the user who created it, ` +
        'or set DATA_DIR to a folder of your own on a file system that keeps Unix permissions.'
      )
    case 'version':
      return (
        `${serverDir} was made by another major version of Postgres. Start the version of this project that made it, ` +
        'or begin anew with "npm run demo -- --reset" (which deletes the data).'
      )
    case 'unknown':
      return 'its last messages are below. Setting DATABASE_URL to any Postgres does without the embedded one.'
  }
}

function lastLines(output: string, count: number): string {
  return output.trimEnd().split('\n').slice(-count).join('\n')
}
