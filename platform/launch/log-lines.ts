/** What a line of a process's output means for the person at the console. */
export type LogLine = Readonly<{
  level: 'info' | 'warn' | 'error'
  /** One line, without time and process, which the console adds. */
  text: string
}>

const warnLevel = 40
const errorLevel = 50

/**
 * Reads a line that a process wrote: structured (pino's JSON), or plain text, of which only standard error
 * matters to a person.
 */
export function readLogLine(line: string, stream: 'stdout' | 'stderr'): LogLine {
  const record = parseRecord(line)
  if (record === undefined) return { level: stream === 'stderr' ? 'error' : 'info', text: line }
  return { level: levelOf(record.level), text: describe(record) }
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const parsed: unknown = JSON.parse(line)
    return isRecord(parsed) && 'level' in parsed ? parsed : undefined
  } catch {
    return undefined
  }
}

function levelOf(level: unknown): LogLine['level'] {
  const number =
    typeof level === 'number' ? level : { warn: warnLevel, error: errorLevel, fatal: 60 }[String(level)]
  if (number === undefined || number < warnLevel) return 'info'
  return number < errorLevel ? 'warn' : 'error'
}

/** The message, and the error's own message where it says something else. */
function describe(record: Record<string, unknown>): string {
  const message = typeof record.msg === 'string' ? record.msg : ''
  const error = isRecord(record.err) && typeof record.err.message === 'string' ? record.err.message : ''
  const firstLine = error.split('\n')[0] ?? ''
  if (message === '') return firstLine
  return firstLine === '' || message.includes(firstLine) ? message : `${message}: ${firstLine}`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
