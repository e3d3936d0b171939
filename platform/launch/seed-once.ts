import { migrate } from '#db/migrate.ts'
import { runCommand } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { stopOnSignals } from '#platform/process.ts'
import { isLogEmpty, runSeeder } from './demo-database.ts'

const USAGE = `Usage: node platform/launch/seed-once.ts [options of "npm run seed"]

Fills the log at DATABASE_URL with a history, unless it holds events: for the demo in containers, which runs this at
each start (the seeder itself refuses a log that is not empty).
`

await runCommand({
  usage: USAGE,
  hint: '"npm run seed -- --help" lists the options.',
  parse: args => args,
  async run(args) {
    const stop = stopOnSignals(() => process.exit(130))
    const { databaseUrl, dataDir } = readEnvironment()
    if (databaseUrl === undefined)
      throw new Error('Set DATABASE_URL to the Postgres that the history is for.')
    await migrate(databaseUrl)
    if (await isLogEmpty(databaseUrl)) await runSeeder({ databaseUrl, dataDir, args, stop })
    else process.stdout.write('The log holds events already: no history is added.\n')
  },
})
