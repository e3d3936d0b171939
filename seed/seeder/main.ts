import { connect } from '#db/client.ts'
import { openDatabase } from '#db/embedded/open-database.ts'
import { migrate } from '#db/migrate.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { takeThroughBothPaths } from './both-paths.ts'
import { UsageError } from './command-line.ts'
import { createProgressLine, createSeedingProgress } from './progress.ts'
import { seedLog } from './seed-log.ts'
import { parseSeedOptions, SEED_USAGE, type SeedOptions } from './seed-options.ts'

const stop = new AbortController()
const progress = createSeedingProgress(createProgressLine(process.stderr, Date.now), () => performance.now())

try {
  const options = parseSeedOptions(process.argv.slice(2), Date.now())
  if (options.help) process.stdout.write(SEED_USAGE)
  else await run(options, readEnvironment())
  process.exit(0)
} catch (error) {
  progress.clear()
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (error instanceof UsageError) process.stderr.write('"npm run seed -- --help" lists the options.\n')
  process.exit(error instanceof UsageError ? 2 : stop.signal.aborted ? 130 : 1)
}

async function run(options: SeedOptions, { dataDir, databaseUrl }: Environment): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => stop.abort(new Error(`Stopped by ${signal}.`)))
  }
  const database = await openDatabase({ dataDir, databaseUrl })
  try {
    await migrate(database.url)
    const sql = connect(database.url, { max: 2, applicationName: 'tillstream seed' })
    try {
      const world = await seedLog({ sql, options, dataDir, progress, stop: stop.signal })
      if (options.days > 0) {
        await takeThroughBothPaths({
          sql,
          options,
          world,
          environment: { DATABASE_URL: database.url, DATA_DIR: dataDir },
          progress,
          stop: stop.signal,
        })
      }
      if (options.json) process.stdout.write(`${JSON.stringify(progress.times())}\n`)
    } finally {
      await sql.end({ timeout: 1 })
    }
  } finally {
    await database.release()
  }
}
