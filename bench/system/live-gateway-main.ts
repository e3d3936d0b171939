import { readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { startWeb } from '#server/web/server.ts'

// The web process without its pages: what is measured is the live socket, and no build is needed for it.
const stop = stopOnSignals()
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
  logger: openLogger('web', environment, 'stderr'),
  openPages: () =>
    Promise.resolve({ handle: async () => {}, upgrade: async () => {}, close: async () => {} }),
})
await whenStopped(stop)
await web.stop()
process.exit(0)
