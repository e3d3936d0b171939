import pino from 'pino'
import { readEnvironment } from '#platform/environment.ts'
import { startWeb } from '#server/web/server.ts'

// The web process without its pages: what is measured is the live socket, and no build is needed for it.
const environment = readEnvironment()
if (environment.databaseUrl === undefined) throw new Error('DATABASE_URL names the database of the benchmark')
const web = await startWeb({
  databaseUrl: environment.databaseUrl,
  host: environment.host,
  port: environment.port,
  intakePort: environment.intakePort,
  dashboardPassword: undefined,
  dev: false,
  demoNote: null,
  logger: pino({ level: environment.logLevel }, pino.destination(2)),
  openPages: () =>
    Promise.resolve({ handle: async () => {}, upgrade: async () => {}, close: async () => {} }),
})
process.on('SIGTERM', () => {
  web.stop().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
