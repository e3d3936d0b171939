import { type Ended, startProgram } from '#platform/process.ts'

/** Runs a command of the project on a database to its end, however that is. */
export function runCommand(databaseUrl: string, entry: string, args: readonly string[]): Promise<Ended> {
  return startProgram({
    entry,
    args,
    settings: { DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn', NODE_OPTIONS: '' },
  }).ended
}
