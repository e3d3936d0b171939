import type { Sql } from '#db/client.ts'
import type { FoundRow } from '#server/serving/reconcile/found-row.ts'
import {
  isClean,
  type ReconcileRequest,
  type Reconciliation,
  reconcile,
} from '#server/serving/reconcile/reconcile.ts'

/** The paths disagree without a cause. The message names the first row or figure; the run fails with it. */
export class UnexplainedError extends Error {
  override readonly name = 'UnexplainedError'
  readonly reconciliation: Reconciliation

  constructor(reconciliation: Reconciliation) {
    super(describeUnexplained(reconciliation))
    this.reconciliation = reconciliation
  }
}

/**
 * The job `reconciliation`: reconciles a range and fails when anything is unexplained, after having put an
 * entry `unexplained` into the lane that the dashboard and the live socket read.
 * @throws UnexplainedError
 */
export async function runReconciliation(sql: Sql, request: ReconcileRequest): Promise<Reconciliation> {
  const reconciliation = await reconcile(sql, request)
  if (isClean(reconciliation)) return reconciliation
  const error = new UnexplainedError(reconciliation)
  const { runId, unexplained, findings } = reconciliation
  const payload = {
    runId,
    from: request.from,
    to: request.to,
    unexplained,
    findings: findings.length,
    detail: error.message,
  }
  await sql`select live.append_ops('unexplained', ${sql.json(payload)})`
  await sql`select pg_notify('ops_changed', '')`
  throw error
}

function describeUnexplained({ differing, unexplained, findings }: Reconciliation): string {
  const figure = differing.find(entry => Number(entry.unexplained) !== 0)
  const parts = [
    ...(figure
      ? [
          `${unexplained} figures hold something unexplained, the first ${figure.metric} of ${figure.store} on ${figure.businessDay}: ${figure.unexplained} ${figure.currency}`,
        ]
      : []),
    ...findings
      .slice(0, 1)
      .map(
        finding =>
          `${findings.length} findings, the first in ${finding.relation} ${JSON.stringify(finding.rowKey)}: ${describeValues(finding)}`,
      ),
  ]
  return parts.join('; ')
}

function describeValues({ metric, stored, expected }: FoundRow): string {
  if (metric === 'checksum') return 'its rows are not those its run computed'
  return `${metric} is ${stored ?? 'nothing'}, the log says ${expected ?? 'nothing'}`
}
