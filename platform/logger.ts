import pino, { type Logger } from 'pino'
import type { Environment } from './environment.ts'

/**
 * The structured log of a process.
 *
 * @param name of the process, on every line
 * @param to standard error for a command whose standard output holds its results
 */
export function openLogger(
  name: string,
  { logLevel }: Pick<Environment, 'logLevel'>,
  to: 'stdout' | 'stderr' = 'stdout',
): Logger {
  return pino({ level: logLevel, base: { process: name } }, pino.destination(to === 'stdout' ? 1 : 2))
}

/** For tests, and for whatever runs where nobody reads a log. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' })
}
