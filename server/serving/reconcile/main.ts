import type { Sql } from '#db/client.ts'
import { withConnection, withDatabase } from '#db/open.ts'
import { BUSINESS_DAY_RULE, isBusinessDay } from '#domain/calendar.ts'
import { flag, parseOptions, runCommand, text, texts, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { describeReconciliation } from '#server/serving/reconcile/describe-reconciliation.ts'
import {
  isClean,
  RECONCILE_CONNECTIONS,
  type ReconcileRequest,
  reconcile,
} from '#server/serving/reconcile/reconcile.ts'

const USAGE = `Usage: npm run reconcile -- --from DAY --to DAY [options]

Compares stream and batch for every store, business day, currency and metric of the range (both days
included), names the causes of every difference, holds every live and report row against the order log, derives
every event of the log anew from its row, and holds the tills' own totals (Z reports) against the log.
Exit code 1 if anything is unexplained or found: a row that says something else than the log, an event that is not
what was sent, a Z report that differs or is missing. Store-days outside the range are named.

  --from DAY      first business day, YYYY-MM-DD
  --to DAY        last business day
  --store ID      only this store; may be given several times
  --figures-only  figures and checksums alone; rows are audited only where those show anything
  --json          everything as one JSON object
  --help          this text
`

await runCommand({
  usage: USAGE,
  hint: '"npm run reconcile -- --help" lists the options.',
  // 1 says that the paths disagree.
  failureExitCode: 3,
  parse: parseArguments,
  run: ({ json, ...request }) =>
    withDatabase(readEnvironment(), ({ url }) =>
      withConnection(
        url,
        { max: RECONCILE_CONNECTIONS, applicationName: 'tillstream reconcile' },
        async sql => {
          await refuseUnknownStores(sql, request.stores)
          const reconciliation = await reconcile(sql, request)
          process.stdout.write(
            json
              ? `${JSON.stringify({ ...request, ...reconciliation })}\n`
              : describeReconciliation(reconciliation),
          )
          return isClean(reconciliation) ? 0 : 1
        },
      ),
    ),
})

function parseArguments(args: readonly string[]): ReconcileRequest & { json: boolean } {
  const { from, to, store, figuresOnly, json } = parseOptions(args, {
    from: text(),
    to: text(),
    store: texts(),
    'figures-only': flag(),
    json: flag(),
  })
  if (from === undefined || to === undefined) {
    throw new UsageError('Say which business days: --from YYYY-MM-DD --to YYYY-MM-DD.')
  }
  for (const day of [from, to]) {
    if (!isBusinessDay(day)) throw new UsageError(`"${day}" is not ${BUSINESS_DAY_RULE}.`)
  }
  if (to < from) throw new UsageError(`--to ${to} lies before --from ${from}.`)
  return { from, to, stores: store, depth: figuresOnly ? 'figures' : 'rows', json }
}

async function refuseUnknownStores(sql: Sql, stores: readonly string[]): Promise<void> {
  const known = await sql<{ store: string }[]>`select store from ref.stores where store = any(${[...stores]})`
  const unknown = stores.filter(store => !known.some(row => row.store === store))
  if (unknown.length > 0) {
    throw new UsageError(`Unknown store: ${unknown.join(', ')}. "npm run stores -- list" lists the stores.`)
  }
}
