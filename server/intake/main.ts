import { withDatabase } from '#db/open.ts'
import { parseOptions, runCommand } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { startIntake } from './service.ts'

// The intake: the only way into the log.
//
//   POST /api/v1/events ─> http/server ─> post-events ─┐  receive    bounded, decoded to entries
//   requeue of a dead letter ─> settle-dead-letter ────┤
//   files, drop folder ─> files/{read,interpret} ──────┤
//                                                      v
//                                              admit   │  decide     parsed, enriched; no I/O
//                                                      v
//                                     append/appender  │  append     one commit a partition at a time
//                                                      v
//                                             Outcome: appended │ duplicate │ conflict │ refused
//                                                      │
//            answer, dead letter, summary <────────────┘  each translates it once
//
// Invariant: what is acknowledged is stored. Every entry ends as exactly one outcome; what is appended counts once
// however often it is sent, and what is rejected is kept as a dead letter before anybody is told.

const USAGE = `Usage: npm start -- intake

Takes events over HTTP (POST /api/v1/events on INTAKE_PORT) and files from the drop folder (DROP_DIR).
Settings come from the environment: see .env.example.
`

await runCommand({
  usage: USAGE,
  hint: '"npm start -- --help" says more.',
  parse: args => parseOptions(args, {}),
  async run() {
    const environment = readEnvironment()
    const logger = openLogger('intake', environment)
    const stop = stopOnSignals()
    await withDatabase(environment, async ({ url: databaseUrl }) => {
      const { host, intakePort: port, intakeKey, trustedProxies, dropDir } = environment
      const intake = await startIntake({
        databaseUrl,
        host,
        port,
        intakeKey,
        trustedProxies,
        dropDir,
        logger,
      })
      logger.info({ url: intake.url }, `intake listens on ${intake.url}`)
      await whenStopped(stop)
      logger.info('intake stops')
      await intake.stop()
    })
  },
})
