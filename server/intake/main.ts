import { parseArgs } from 'node:util'
import pino from 'pino'
import { openDatabase } from '#db/embedded/open-database.ts'
import { migrate } from '#db/migrate.ts'
import { readEnvironment } from '#platform/environment.ts'
import { runCommand } from './command.ts'
import { type IntakeService, startIntake } from './service.ts'

const HELP = `Usage: npm start -- intake

Takes events over HTTP (POST /api/v1/events on INTAKE_PORT) and files from the drop folder (DROP_DIR).
Settings come from the environment: see .env.example.
`

await runCommand(async () => {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
  if (values.help) process.stdout.write(HELP)
  else await run()
  return 0
})

async function run(): Promise<void> {
  const environment = readEnvironment()
  const logger = pino({ level: environment.logLevel, base: { process: 'intake' } })
  const database = await openDatabase(environment)
  const intake = await start(database.url).catch(async (error: unknown) => {
    await database.release()
    throw error
  })
  logger.info({ url: intake.url }, `intake listens on ${intake.url}`)
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      logger.info({ signal }, 'intake stops')
      intake
        .stop()
        .then(() => database.release())
        .then(
          () => process.exit(0),
          (err: unknown) => {
            logger.error({ err }, 'intake did not stop cleanly')
            process.exit(1)
          },
        )
    })
  }

  async function start(databaseUrl: string): Promise<IntakeService> {
    await migrate(databaseUrl)
    return startIntake({
      databaseUrl,
      host: environment.host,
      port: environment.intakePort,
      intakeKey: environment.intakeKey,
      dropDir: environment.dropDir,
      logger,
    })
  }
}
