import { hostname } from 'node:os'
import { withConnection, withDatabase } from '#db/open.ts'
import { OWN_ENGINE } from '#domain/engine.ts'
import type { ReplayKind } from '#domain/replay.ts'
import { flag, parseOptions, runCommand, UsageError, wholeNumber } from '#platform/command.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { openLogger } from '#platform/logger.ts'
import { stopOnSignals, whenStopped } from '#platform/process.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { catchUp } from '#server/stream/catch-up.ts'
import { describeCertificate } from '#server/stream/certificate/describe.ts'
import { activeStand } from '#server/stream/state/generations.ts'
import type { ReplayOutcome } from './outcome.ts'
import { replay, replayAsked } from './replay.ts'

const USAGE = `Usage: npm run replay -- [options]

Rebuilds the stream's tables from offset 0 of the log as a new generation, compares it with the active one
at equal offsets (figures, and what the rules have found), and switches. A running stream service goes on meanwhile
and follows by itself. Each replay leaves a record, shown on the page Pipeline.

  --accept-differences   switch also when the rebuilt generation differs (after a change of rules); with --switch-back
                         from another engine also when its figures turned out wrong
  --switch-back          bring the generation that was active before to where the active one stands, and
                         switch back to it; nothing is rebuilt
  --certify N            hold generation N of another engine against the active one at equal offsets, row by row, and
                         write a certificate; nothing is switched
  --switch-to N          switch to generation N of another engine: it needs an accepted certificate, and a second one
                         is written at the switch
  --request N            do what was asked for on the page Pipeline (a stream process starts it so)
  --help                 this text

Exit codes: 0 switched, or certified; 1 failed or different (the active generation stays as it was), 2 wrong usage.
`

const EXIT_INTERRUPTED = 130
/** Differences that are shown. */
const MOST_LISTED = 20

const stop = stopOnSignals()
const name = `${hostname()}:${process.pid}`

await runCommand({
  usage: USAGE,
  hint: '"npm run replay -- --help" lists the options.',
  parse(args) {
    const { acceptDifferences, switchBack, certify, switchTo, request } = parseOptions(args, {
      'accept-differences': flag(),
      'switch-back': flag(),
      certify: generationNumber(),
      'switch-to': generationNumber(),
      request: wholeNumber({ least: 1, most: Number.MAX_SAFE_INTEGER }),
    })
    const kinds: ReplayKind[] = [
      ...(switchBack ? ['switch_back' as const] : []),
      ...(certify === undefined ? [] : ['certify' as const]),
      ...(switchTo === undefined ? [] : ['switch' as const]),
    ]
    if (kinds.length > 1)
      throw new UsageError('--switch-back, --certify and --switch-to are three different things: give one.')
    if (acceptDifferences && (certify !== undefined || switchTo !== undefined))
      throw new UsageError('Another engine is switched to without differences only: no --accept-differences.')
    if (request !== undefined && (kinds.length > 0 || acceptDifferences))
      throw new UsageError(
        '--request takes no other option: what is to be done was said where it was asked for.',
      )
    return {
      request,
      acceptsDifferences: acceptDifferences,
      kind: kinds[0] ?? ('rebuild' as const),
      to: certify ?? switchTo ?? null,
    }
  },
  run: async given => {
    const environment = readEnvironment()
    return withDatabase(environment, async ({ url }) => {
      // What an interrupted replay leaves half built, the next one drops.
      const work = replayAndCatchUp(url, environment, given)
      const outcome = await Promise.race([work, whenStopped(stop)])
      if (outcome === undefined) return EXIT_INTERRUPTED
      return outcome === null || outcome.isSwitched || isCertified(outcome) ? 0 : 1
    })
  },
})

async function replayAndCatchUp(
  url: string,
  environment: Environment,
  given: {
    request: number | undefined
    acceptsDifferences: boolean
    kind: ReplayKind
    to: number | null
  },
): Promise<ReplayOutcome | null> {
  const logger = openLogger('replay', environment, 'stderr')
  const { request, ...asked } = given
  const outcome =
    request === undefined
      ? await replay({ url, name, logger, ...asked, askedBy: `npm run replay (${name})` })
      : await replayAsked({ url, name, logger, request })
  if (!outcome) {
    process.stdout.write('replay: another process does it already\n')
    return null
  }
  for (const line of replayLines(outcome)) process.stdout.write(`${line}\n`)
  const isOwn = await withConnection(url, {}, async sql => (await activeStand(sql)).engine === OWN_ENGINE)
  if (outcome.isSwitched && !outcome.wasRunning && isOwn) {
    // Nobody goes on from here: what was appended since the old generation stopped is ours to do.
    const count = await withConnection(url, {}, sql => createPostgresLog(sql).partitionCount())
    const partitions = Array.from({ length: count }, (_, partition) => partition)
    await catchUp({ url, partitions, owner: `stream ${name}`, logger })
  }
  return outcome
}

function generationNumber() {
  return wholeNumber({ least: 1, most: 2_147_483_647 })
}

function isCertified({ kind, certificate }: ReplayOutcome): boolean {
  return kind === 'certify' && certificate?.document.verdict === 'accepted'
}

/** What a replay prints: one line, and where the generations differ. */
function replayLines(outcome: ReplayOutcome): string[] {
  const { kind, from, to, events, buildMs, differences, alerts, isSwitched, certificate } = outcome
  if (certificate) {
    const end = isSwitched ? `generation ${to} is active` : `generation ${from} stays active`
    return [...describeCertificate(certificate), `replay: ${end}`]
  }
  const perSecond = Math.round(events / Math.max(0.001, buildMs / 1_000))
  const built = `replay: ${events} events in ${(buildMs / 1_000).toFixed(1)} s (${perSecond} a second)`
  if (kind === 'switch_back') return [`${built}; back to generation ${to} from generation ${from}`]
  const listed = differences
    .slice(0, MOST_LISTED)
    .map(({ of, figure, active, rebuilt }) => `  ${of}: ${figure} was ${active}, rebuilt ${rebuilt}`)
  const omitted = differences.length > MOST_LISTED ? [`  … and ${differences.length - MOST_LISTED} more`] : []
  const ofRules = alerts.map(
    ({ rule, before, after, more, fewer, changed }) =>
      `  rule ${rule}: ${before} alerts were, ${after} rebuilt: ${more} more, ${fewer} fewer, ${changed} changed`,
  )
  const verdict = isSwitched
    ? `generation ${to} is active, ${differences.length} differences from generation ${from}`
    : `generation ${from} stays active: the rebuilt one differs in ${differences.length} figures and the alerts of ` +
      `${alerts.length} rules. If a change of rules explains them, run it again with --accept-differences`
  return [`${built}; ${verdict}`, ...listed, ...omitted, ...ofRules]
}
