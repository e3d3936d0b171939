import { parseArgs } from 'node:util'
import pino from 'pino'
import { openDatabase } from '#db/embedded/open-database.ts'
import { migrate } from '#db/migrate.ts'
import { readEnvironment } from '#platform/environment.ts'
import { openPages } from '#server/web/pages.ts'
import { startWeb } from '#server/web/web-service.ts'

const HELP = `Usage: npm start -- web

Serves the dashboard, its API and the live socket on PORT, and passes /api/v1/events on to the intake.
Settings come from the environment: see .env.example.

Run by itself (node server/web/main.ts) it also takes
  --dev    compile pages as they are asked for, and reload them when their source changes
`

try {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      dev: { type: 'boolean', default: false },
    },
  })
  if (values.help) process.stdout.write(HELP)
  else await run(values.dev)
} catch (error) {
  const isUsage = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ?? false
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(isUsage ? 2 : 1)
}

async function run(dev: boolean): Promise<void> {
  const environment = readEnvironment()
  const logger = pino({ level: environment.logLevel, base: { process: 'web' } })
  const database = await openDatabase(environment)
  await migrate(database.url)
  const intake = new URL(environment.intakeUrl)
  const web = await startWeb({
    databaseUrl: database.url,
    host: environment.host,
    port: environment.port,
    intakeHost: intake.hostname.replace(/^\[(.*)\]$/, '$1'),
    intakePort: Number(intake.port || '80'),
    intakeKey: environment.intakeKey,
    dashboardPassword: environment.dashboardPassword,
    dev,
    demoNote: environment.demoNote,
    logger,
    openPages: address => openPages({ ...address, dev }),
  })
  let stopping = false
  const stop = async (code: number) => {
    if (stopping) return
    stopping = true
    await web.stop()
    await database.release()
    process.exit(code)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      logger.info({ signal }, 'web stops')
      stop(0).catch((err: unknown) => {
        logger.error({ err }, 'web did not stop cleanly')
        process.exit(1)
      })
    })
  }
  logger.info({ url: web.url }, `dashboard listens on ${web.url}`)
  try {
    await web.pages
  } catch (error) {
    await web.stop()
    await database.release()
    throw error
  }
}
