import { withDatabase } from '#db/open.ts'
import { flag, parseOptions, runCommand } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { openPages } from '#server/web/pages.ts'
import { startWeb } from '#server/web/server.ts'

const USAGE = `Usage: npm start -- web

Serves the dashboard, its API and the live socket on PORT, and passes /api/v1/events on to the intake.
Settings come from the environment: see .env.example.

Run by itself (node server/web/main.ts) it also takes
  --dev    compile pages as they are asked for, and reload them when their source changes
`

await runCommand({
  usage: USAGE,
  hint: '"npm start -- --help" says more.',
  parse: args => parseOptions(args, { dev: flag() }),
  run: ({ dev }) => run(dev),
})

async function run(dev: boolean): Promise<void> {
  const environment = readEnvironment()
  const logger = openLogger('web', environment)
  const stop = stopOnSignals()
  const intake = new URL(environment.intakeUrl)
  await withDatabase(environment, async ({ url }) => {
    const web = await startWeb({
      databaseUrl: url,
      host: environment.host,
      port: environment.port,
      intakeHost: intake.hostname.replace(/^\[(.*)\]$/, '$1'),
      intakePort: Number(intake.port || '80'),
      intakeKey: environment.intakeKey,
      dashboardPassword: environment.dashboardPassword,
      trustedProxies: environment.trustedProxies,
      notify: {
        smtpUrl: environment.smtpUrl,
        mailFrom: environment.mailFrom,
        dashboardUrl: environment.dashboardUrl,
        privateWebhooks: environment.privateWebhooks,
      },
      dev,
      demoNote: environment.demoNote,
      logger,
      openPages: address => openPages({ ...address, dev }),
    })
    logger.info({ url: web.url }, `dashboard listens on ${web.url}`)
    try {
      // Without pages there is nothing to serve.
      await Promise.race([whenStopped(stop), web.pages.then(() => whenStopped(stop))])
      logger.info('web stops')
    } finally {
      await web.stop()
    }
  })
}
