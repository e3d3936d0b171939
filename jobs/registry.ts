import { withConnection } from '#db/open.ts'
import type { OtherJobName } from '#domain/reports.ts'
import type { Environment } from '#platform/environment.ts'
import { type DropFolders, importDroppedFiles, isAnyDue } from '#server/intake/files/drop/drop-folder.ts'
import { readLogNeeds } from '#server/serving/pipeline/log-needs.ts'
import { describeReconciliation } from '#server/serving/reconcile/describe-reconciliation.ts'
import { runReconciliation } from '#server/serving/reconcile/reconcile.ts'
import { archiveJob } from './archive/archive-job.ts'
import { logRetention } from './archive/log-retention.ts'
import type { OtherJob, OtherJobResult } from './ledger/other-jobs.ts'
import { ledgerRetention } from './ledger/retention.ts'
import { priceHints } from './price-hints/price-hints.ts'
import { replenishment } from './replenishment/replenishment.ts'
import { batchRules } from './rules/batch-rules.ts'
import { expectedSales } from './run/expected-sales.ts'

/** What the jobs that fill no report do, by name. */
export function wireJobs(
  environment: Pick<Environment, 'dropDir' | 'archive' | 'isArchiveGiven' | 's3' | 'logKeepDays'>,
): Record<OtherJobName, OtherJob> {
  const { dropDir } = environment
  return {
    reconciliation,
    journal_import: importJob({ name: 'journal_import', dropDir, folders: 'watched' }),
    reviews_import: importJob({ name: 'reviews_import', dropDir, folders: 'reviews' }),
    expected_sales: expectedSales,
    replenishment,
    price_hints: priceHints,
    batch_rules: batchRules,
    archive: archiveJob(environment),
    log_retention: logRetention(environment, readLogNeeds),
    ledger_retention: ledgerRetention,
  }
}

const reconciliation: OtherJob = {
  name: 'reconciliation',
  run({ databaseUrl, range, runId, depth }) {
    if (range === null) throw new Error('reconciliation needs days')
    return withConnection(databaseUrl, { applicationName: 'tillstream reconciliation' }, async sql => {
      const result = await runReconciliation(sql, { ...range, stores: [], runId, depth })
      return {
        text: describeReconciliation(result),
        json: { ...range, ...result },
        detail: `${result.compared} figures compared, ${result.differing.length} differ, all explained`,
        rowCount: result.compared,
      }
    })
  },
}

function importJob({
  name,
  dropDir,
  folders,
}: Pick<OtherJob, 'name'> & { dropDir: string; folders: DropFolders }): OtherJob {
  return {
    name,
    isReady: sql => isAnyDue(sql, dropDir, folders),
    run: ({ databaseUrl }) => loadDroppedFiles({ databaseUrl, dropDir, folders }),
  }
}

/** @throws when a file had to be left for later: the ledger then keeps why */
async function loadDroppedFiles(options: {
  databaseUrl: string
  dropDir: string
  folders: DropFolders
}): Promise<OtherJobResult> {
  const files = await importDroppedFiles(options)
  const left = files.find(file => file.state === 'retry')
  if (left) {
    const reason = left.error instanceof Error ? left.error.message : String(left.error)
    throw new Error(`${left.mapping}/${left.name} is left for later: ${reason}`, { cause: left.error })
  }
  const sums = { rows: 0, events: 0, duplicates: 0, rejected: 0 }
  let failed = 0
  for (const file of files) {
    if (file.state !== 'loaded' && file.state !== 'failed') continue
    if (file.state === 'failed') failed += 1
    sums.rows += file.summary.rows
    sums.events += file.summary.eventsAppended
    sums.duplicates += file.summary.duplicates
    sums.rejected += file.summary.rejectedRows
  }
  const parts = [
    `${files.length} ${files.length === 1 ? 'file' : 'files'}`,
    ...(failed > 0 ? [`${failed} of them failed`] : []),
    `${sums.rows} rows`,
    `${sums.events} events new`,
    ...(sums.duplicates > 0 ? [`${sums.duplicates} duplicates`] : []),
    ...(sums.rejected > 0 ? [`${sums.rejected} rows rejected`] : []),
  ]
  const nothing = `No file lies ready in ${options.dropDir}.`
  const lines = files.map(file => `${file.mapping}/${file.name}: ${file.state}\n`)
  return {
    text: files.length > 0 ? lines.join('') : `${nothing}\n`,
    json: files,
    detail: files.length > 0 ? parts.join(', ') : nothing,
    rowCount: sums.rows,
  }
}
