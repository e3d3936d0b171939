import { withDatabase } from '#db/open.ts'
import { runCommand } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { parseCommand, USAGE } from './command/arguments.ts'
import { executeCommand } from './command/execute-command.ts'
import { wireJobs } from './registry.ts'

/*
 * Invariant: a run is a function of its slot (job, store, period), of the log up to the offsets it names and of the
 * reports it is computed from. However often, in whatever sets and by whomever it is done, its rows and their checksum
 * are the same; and every attempt is a row of the ledger.
 *
 *   log ──> planner ─────> slots ──> run ──────────────────────────────> report tables
 *           which days      │         claim · stage · check · replace      daily_sales …
 *           are dirty       └──────── ledger: runs, standing runs, closed days ──> pages
 *
 * schedule asks the planner at every tick, command when somebody does. One way only:
 * schedule → command → run → reports, ledger → planner.
 */

const EXIT_INTERRUPTED = 130

await runCommand({
  usage: USAGE,
  hint: '"npm run jobs -- --help" shows how.',
  parse: parseCommand,
  run: command => {
    const environment = readEnvironment()
    const stop = stopOnSignals()
    return withDatabase(environment, ({ url }) => {
      const done = executeCommand(command, {
        databaseUrl: url,
        otherJobs: Object.values(wireJobs(environment)),
        // Standard output is for results.
        logger: openLogger('jobs', environment, 'stderr'),
        print: text => process.stdout.write(text),
        report: line => process.stderr.write(`${line}\n`),
        signal: stop,
      })
      // What an interrupted run leaves under way is rolled back, and its claim given up, with its connection.
      return Promise.race([done, whenStopped(stop).then(() => EXIT_INTERRUPTED)])
    })
  },
})
