import { connect } from '#db/client.ts'
import { withDatabase } from '#db/open.ts'
import { messageOf, runCommand } from '#platform/command.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { stopOnSignals } from '#platform/process.ts'
import { takeThroughBothPaths } from './both-paths.ts'
import { SeedingProgress } from './progress.ts'
import { seedLog } from './seed-log.ts'
import { parseSeedOptions, SEED_USAGE, type SeedOptions } from './seed-options.ts'

const progress = new SeedingProgress(process.stderr, () => performance.now())

await runCommand({
  usage: SEED_USAGE,
  hint: '"npm run seed -- --help" lists the options.',
  parse: args => parseSeedOptions(args, Date.now()),
  async run(options) {
    const stop = stopOnSignals()
    try {
      await seed(options, readEnvironment(), stop)
      return 0
    } catch (error) {
      progress.clear()
      if (!stop.aborted) throw error
      process.stderr.write(`${messageOf(error)}\n`)
      return 130
    }
  },
})

async function seed(options: SeedOptions, environment: Environment, stop: AbortSignal): Promise<void> {
  const { dataDir } = environment
  await withDatabase(environment, async ({ url }) => {
    const sql = connect(url, { max: 2, applicationName: 'tillstream seed' })
    try {
      const world = await seedLog({ sql, options, dataDir, progress, stop })
      if (options.days > 0) {
        const settings = { DATABASE_URL: url, DATA_DIR: dataDir }
        await takeThroughBothPaths({ sql, options, world, settings, progress, stop })
      }
      if (options.json) process.stdout.write(`${JSON.stringify(progress.times())}\n`)
    } finally {
      await sql.end({ timeout: 1 })
    }
  })
}
