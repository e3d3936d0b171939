import { migrate } from '#db/migrate.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { ensurePagesBuilt } from './build-pages.ts'
import { openServedDatabase } from './demo-database.ts'
import { createFleet } from './fleet.ts'
import { narrateTo } from './narrate.ts'
import type { ProcessName } from './processes.ts'
import { parseStartOptions, startUsage } from './start-options.ts'
import { StopRequested, stopOnSignals, unlessStopped } from './stop-signal.ts'
import { UsageError } from './usage-error.ts'

const databasePatienceMs = 1_500

/** Runs the processes until somebody asks for the end. Standard output is theirs: structured logs. */
async function start(names: readonly ProcessName[], environment: Environment): Promise<void> {
  const stop = stopOnSignals(() => process.exit(130))
  const narration = narrateTo(process.stderr)
  const database = await openServedDatabase(environment)
  const undo = [() => database.release(databasePatienceMs)]
  try {
    await unlessStopped(stop, migrate(database.url))
    if (names.includes('web')) await unlessStopped(stop, ensurePagesBuilt({ stop }))
    const fleet = createFleet({
      environment,
      ports: environment,
      database,
      narration,
      isDemo: false,
      output: 'inherit',
    })
    fleet.start(names)
    undo.push(() => fleet.stop())
    await unlessStopped(stop, new Promise(() => {}))
  } catch (error) {
    if (!(error instanceof StopRequested) && !stop.aborted) throw error
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

try {
  const { help, names } = parseStartOptions(process.argv.slice(2))
  if (help) process.stdout.write(startUsage)
  else await start(names, readEnvironment())
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}
