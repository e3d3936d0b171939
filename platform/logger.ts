import pino, { type DestinationStream, type Logger } from 'pino'
import type { Environment } from './environment.ts'

/**
 * The structured log of a process: a line of JSON for machines, or of text for a person.
 *
 * @param name of the process, on every line
 * @param to standard error for a command whose standard output holds its results
 */
export function openLogger(
  name: string,
  { logLevel, logFormat }: Pick<Environment, 'logLevel' | 'logFormat'>,
  to: 'stdout' | 'stderr' = 'stdout',
): Logger {
  const output = pino.destination(to === 'stdout' ? 1 : 2)
  const written: DestinationStream =
    logFormat === 'json' ? output : { write: line => output.write(asText(line)) }
  return pino({ level: logLevel, base: { process: name } }, written)
}

/** For tests, and for whatever runs where nobody reads a log. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' })
}

const ERROR = 50

/**
 * A line of pino's JSON as a person reads it: `10:15:30.123 WARN stream: a batch failed: no route`, in UTC. The
 * stack of an error follows, indented; further fields are left to machines.
 */
export function asText(json: string): string {
  const record = JSON.parse(json) as {
    level: number
    time: number
    process: string
    msg?: string
    err?: { message?: string; stack?: string }
  }
  const { level, time, msg = '', err } = record
  const [reason = ''] = err?.message?.split('\n') ?? []
  const said = msg.includes(reason) ? msg : [msg, reason].filter(part => part !== '').join(': ')
  const head = `${new Date(time).toISOString().slice(11, 23)} ${pino.levels.labels[level]?.toUpperCase()}`
  const stack = level >= ERROR && err?.stack ? `${err.stack.replace(/^/gm, '    ')}\n` : ''
  return `${head} ${record.process}: ${said}\n${stack}`
}
