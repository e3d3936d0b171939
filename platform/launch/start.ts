import { migrate } from '#db/migrate.ts'
import { parseOptions, runCommand, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { stopOnSignals, unlessStopped } from '#platform/process.ts'
import { openServedDatabase } from './demo-database.ts'
import { createInstallation } from './installation.ts'
import { ensurePagesBuilt } from './pages.ts'
import { isProcessName, type ProcessName, processNames } from './processes.ts'
import { openTerminal } from './terminal.ts'

const USAGE = `Usage: npm start -- PROCESS…

Runs one or several processes in production mode, and starts each again when it dies:
  ${processNames.join(', ')}, or all

The archiver has work where the log is in Kafka (KAFKA_URL), and Flink may follow it there: name them then beside "all".

Works on DATABASE_URL when that is set, else on the embedded Postgres in DATA_DIR, which it joins or starts.
Settings come from the environment or from .env; see .env.example.

  --help    this text

Exit codes: 0 stopped, 1 failed or a process failed to start again and again, 2 wrong usage.
`

/** The processes to run, each once. @throws UsageError when none is named, or an unknown one */
export function parseProcessNames(args: readonly string[]): ProcessName[] {
  const { words } = parseOptions(args, {}, { takesWords: true })
  if (words.length === 0) {
    throw new UsageError(`Name the processes to run: ${processNames.join(', ')}, or all.`)
  }
  const named = new Set(words.flatMap(name => (name === 'all' ? ALL : [parseName(name)])))
  return processNames.filter(name => named.has(name))
}

/** What every installation runs; an archiver and Flink have work only where the log is in Kafka. */
const ALL = processNames.filter(name => name !== 'archiver' && name !== 'flink')

function parseName(name: string): ProcessName {
  if (isProcessName(name)) return name
  throw new UsageError(`There is no process "${name}". Processes: ${processNames.join(', ')}, or all.`)
}

const DATABASE_PATIENCE_MS = 1_500

/**
 * Runs the processes until somebody asks for the end. Standard output is theirs: structured logs.
 *
 * @throws when one of them fails again and again: whoever runs us is to know, and may do better
 */
async function start(names: readonly ProcessName[]): Promise<void> {
  const environment = readEnvironment()
  const stop = stopOnSignals(() => process.exit(130))
  const database = await openServedDatabase(environment)
  const undo = [() => database.release(DATABASE_PATIENCE_MS)]
  try {
    await unlessStopped(stop, migrate(database.url))
    if (names.includes('web')) await unlessStopped(stop, ensurePagesBuilt({ stop }))
    const terminal = openTerminal(process.stderr)
    const installation = createInstallation({
      environment,
      ports: environment,
      database,
      terminal,
      isDemo: false,
    })
    undo.push(() => installation.stop())
    installation.start(names)
    throw new Error(`${await unlessStopped(stop, installation.hopeless)} Its log above says why.`)
  } catch (error) {
    // What fails because everything ends is no failure.
    if (!stop.aborted) throw error
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

if (import.meta.main) {
  await runCommand({
    usage: USAGE,
    hint: '"npm start -- --help" lists the processes.',
    parse: parseProcessNames,
    run: start,
  })
}
