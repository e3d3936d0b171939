import { migrate } from '#db/migrate.ts'
import { readEnvironment } from '#platform/environment.ts'
import { isLogEmpty } from './demo-database.ts'
import { runSeeder } from './run-seeder.ts'
import { stopOnSignals } from './stop-signal.ts'

// For the demo in containers, which runs this at each start: the seeder itself refuses a log that holds events.
const stop = stopOnSignals(() => process.exit(130))
try {
  const { databaseUrl, dataDir } = readEnvironment()
  if (databaseUrl === undefined) throw new Error('Set DATABASE_URL to the Postgres that the history is for.')
  await migrate(databaseUrl)
  if (await isLogEmpty(databaseUrl)) {
    await runSeeder({ databaseUrl, dataDir, args: process.argv.slice(2), stop })
  } else process.stdout.write('The log holds events already: no history is added.\n')
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(stop.aborted ? 130 : 1)
}
