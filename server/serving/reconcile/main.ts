import { parseArgs } from 'node:util'
import { connect } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { openDatabase } from '#db/open.ts'
import { isBusinessDay } from '#domain/business-day.ts'
import { readEnvironment } from '#platform/environment.ts'
import { describeReconciliation } from '#server/serving/reconcile/describe-reconciliation.ts'
import { isClean, RECONCILE_CONNECTIONS, type ReconcileRequest, reconcile } from './reconcile.ts'

const HELP = `Usage: npm run reconcile -- --from DAY --to DAY [options]

Compares stream and batch for every store, business day, currency and metric of the range (both days
included), names the causes of every difference, and holds every live and report row against the order log.
Exit code 1 if anything is unexplained or a row says something else than the log.

  --from DAY      first business day, YYYY-MM-DD
  --to DAY        last business day
  --store ID      only this store; may be given several times
  --figures-only  figures and checksums alone; rows are audited only where those show anything
  --json          everything as one JSON object
  --help          this text
`

/** Bad arguments: the message says which. */
class UsageError extends Error {
  override readonly name = 'UsageError'
}

try {
  process.exit(await main())
} catch (error) {
  const isUsage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (isUsage) process.stderr.write('"npm run reconcile -- --help" lists the options.\n')
  process.exit(isUsage ? 2 : 3)
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      store: { type: 'string', multiple: true, default: [] },
      'figures-only': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const depth = values['figures-only'] ? 'figures' : 'rows'
  const request: ReconcileRequest = { ...parseRange(values), stores: values.store, depth }
  return run(request, values.json)
}

async function run(request: ReconcileRequest, json: boolean): Promise<number> {
  const database = await openDatabase(readEnvironment())
  try {
    await migrate(database.url)
    const sql = connect(database.url, {
      max: RECONCILE_CONNECTIONS,
      applicationName: 'tillstream reconcile',
    })
    try {
      await refuseUnknownStores(sql, request.stores)
      const reconciliation = await reconcile(sql, request)
      process.stdout.write(
        json
          ? `${JSON.stringify({ ...request, ...reconciliation })}\n`
          : describeReconciliation(reconciliation),
      )
      return isClean(reconciliation) ? 0 : 1
    } finally {
      await sql.end({ timeout: 2 })
    }
  } finally {
    await database.release()
  }
}

function parseRange({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  if (from === undefined || to === undefined) {
    throw new UsageError('Say which business days: --from YYYY-MM-DD --to YYYY-MM-DD.')
  }
  for (const day of [from, to]) {
    if (!isBusinessDay(day)) throw new UsageError(`"${day}" is not a date YYYY-MM-DD that exists.`)
  }
  if (to < from) throw new UsageError(`--to ${to} lies before --from ${from}.`)
  return { from, to }
}

async function refuseUnknownStores(
  sql: ReturnType<typeof connect>,
  stores: readonly string[],
): Promise<void> {
  const known = await sql<{ store: string }[]>`select store from ref.stores where store = any(${[...stores]})`
  const unknown = stores.filter(store => !known.some(row => row.store === store))
  if (unknown.length > 0) {
    throw new UsageError(`Unknown store: ${unknown.join(', ')}. "npm run stores -- list" lists the stores.`)
  }
}
