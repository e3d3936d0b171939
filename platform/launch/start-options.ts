import { parseArgs } from 'node:util'
import { isProcessName, type ProcessName, processNames } from './processes.ts'
import { UsageError } from './usage-error.ts'

export type StartOptions = Readonly<{ help: boolean; names: readonly ProcessName[] }>

export const startUsage = `Usage: npm start -- PROCESS…

Runs one or several processes in production mode, and starts each again when it dies:
  ${processNames.join(', ')}, or all

Works on DATABASE_URL when that is set, else on the embedded Postgres in DATA_DIR, which it joins or starts.
Settings come from the environment or from .env; see .env.example.

  --help    this text
`

/** @throws UsageError when no process is named, or an unknown one */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const { values, positionals } = parse(args)
  if (values.help === true) return { help: true, names: [] }
  if (positionals.length === 0) {
    throw new UsageError(`Name the processes to run: ${processNames.join(', ')}, or all.`)
  }
  const named = new Set(positionals.flatMap(name => (name === 'all' ? processNames : [parseName(name)])))
  return { help: false, names: processNames.filter(name => named.has(name)) }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    throw UsageError.from(error)
  }
}

function parseName(name: string): ProcessName {
  if (isProcessName(name)) return name
  throw new UsageError(`There is no process "${name}". Processes: ${processNames.join(', ')}, or all.`)
}
