import { hostname } from 'node:os'
import { withConnection, withDatabase } from '#db/open.ts'
import { flag, parseOptions, runCommand } from '#platform/command.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { catchUp } from '#server/stream/catch-up.ts'
import { type ReplayOutcome, replay } from './replay.ts'

const USAGE = `Usage: npm run replay -- [options]

Rebuilds the stream's tables from offset 0 of the log as a new generation, compares it with the active one
at equal offsets, and switches. A running stream service goes on meanwhile and follows by itself.

  --accept-differences   switch also when the rebuilt figures differ (after a change of rules)
  --help                 this text

Exit codes: 0 switched, 1 failed or different (the active generation stays as it was), 2 wrong usage.
`

const EXIT_INTERRUPTED = 130
/** Differences that are shown. */
const MOST_LISTED = 20

const stop = stopOnSignals()

await runCommand({
  usage: USAGE,
  hint: '"npm run replay -- --help" lists the options.',
  parse: args => parseOptions(args, { 'accept-differences': flag() }),
  run: async ({ acceptDifferences }) => {
    const environment = readEnvironment()
    return withDatabase(environment, async ({ url }) => {
      // What an interrupted replay leaves half built, the next one drops.
      const work = replayAndCatchUp(url, environment, acceptDifferences)
      const outcome = await Promise.race([work, whenStopped(stop)])
      if (!outcome) return EXIT_INTERRUPTED
      return outcome.isSwitched ? 0 : 1
    })
  },
})

async function replayAndCatchUp(
  url: string,
  environment: Environment,
  acceptsDifferences: boolean,
): Promise<ReplayOutcome> {
  const logger = openLogger('replay', environment, 'stderr')
  const name = `${hostname()}:${process.pid}`
  const outcome = await replay({ url, name, acceptsDifferences, logger })
  for (const line of replayLines(outcome)) process.stdout.write(`${line}\n`)
  if (outcome.isSwitched && !outcome.wasRunning) {
    // Nobody goes on from here: what was appended since the old generation stopped is ours to do.
    const count = await withConnection(url, {}, sql => createPostgresLog(sql).partitionCount())
    const partitions = Array.from({ length: count }, (_, partition) => partition)
    await catchUp({ url, partitions, owner: `stream ${name}`, logger })
  }
  return outcome
}

/** What a replay prints: one line, and where the generations differ. */
function replayLines(outcome: ReplayOutcome): string[] {
  const { from, to, events, buildMs, differences, isSwitched } = outcome
  const perSecond = Math.round(events / Math.max(0.001, buildMs / 1_000))
  const built = `replay: ${events} events in ${(buildMs / 1_000).toFixed(1)} s (${perSecond} a second)`
  const listed = differences
    .slice(0, MOST_LISTED)
    .map(({ of, figure, active, rebuilt }) => `  ${of}: ${figure} was ${active}, rebuilt ${rebuilt}`)
  const omitted = differences.length > MOST_LISTED ? [`  … and ${differences.length - MOST_LISTED} more`] : []
  const verdict = isSwitched
    ? `generation ${to} is active, ${differences.length} differences from generation ${from}`
    : `generation ${from} stays active: the rebuilt one differs in ${differences.length} figures. ` +
      'If a change of rules explains them, run it again with --accept-differences'
  return [`${built}; ${verdict}`, ...listed, ...omitted]
}
