import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import { loadOperatorReference } from '#db/operator-reference.ts'
import { loadRuleKnowledge } from '#db/rule-knowledge.ts'
import type { AnyHourlyRule, AnyKeyedRule } from '#domain/batch-rules/batch-rule.ts'
import { HOURLY_RULES, KEYED_RULES } from '#domain/batch-rules/catalogue.ts'
import type { Instant } from '#domain/instant.ts'
import type { OtherJob } from '#jobs/ledger/other-jobs.ts'
import { followLog } from '#jobs/planner/follow-log.ts'
import { judgeHours } from './judge-hours.ts'
import { judgeKeys, takeNext } from './judge-keys.ts'

/*
 * Invariant: what is judged is the log up to one append time, the same in all partitions, and that time moves in the
 * transaction that writes the alerts. So nothing is judged twice or left out, whoever is killed when; and as a rule
 * judges all documents of a key in the log's order, or an hour by what the log knew half an hour after it, it does not
 * matter into which ticks the log was cut.
 *
 *   log ──> rule_documents ──> keys that are touched, or wait no longer ──> KEYED_RULES ──┐
 *     └───> product_days, units of the last hours ────────────────────────> HOURLY_RULES ─┴─> batch.alerts
 */

/** Entries of one step: a step is one transaction. */
const STEP = 20_000
/** A writer that holds the append's lock for longer is in trouble: the next tick tries again. */
const LOCK_TIMEOUT_MS = 30_000

/** What the rules of the batch path find in what is new in the log, as alerts. */
export const batchRules: OtherJob = {
  name: 'batch_rules',
  async isReady(sql) {
    const [row] = await sql<{ isReady: boolean }[]>`
      select coalesce(max(l.appended_at), 'epoch')
        > coalesce((select through from batch.rule_progress), 'epoch') as "isReady"
      from log.partitions p cross join lateral log.last_position(p.partition) l`
    return row?.isReady === true
  },
  run: ({ databaseUrl, logger }) =>
    withConnection(databaseUrl, { applicationName: 'tillstream batch rules', max: 1 }, async sql => {
      const outcome = await runBatchRules(sql)
      for (const err of outcome.failures)
        logger.error({ err }, `${err.message}: it is left out, and the others go on`)
      const { documents, alerts, failures } = outcome
      const detail = `${documents} documents read, ${alerts} alerts began or changed`
      // Everything else is judged and stands; the ledger keeps that something was not.
      if (failures.length > 0) {
        const told = failures.map(({ message }) => message).slice(0, 5)
        throw new Error(`${detail}, but of ${failures.length} nothing can be said: ${told.join('; ')}`, {
          cause: failures[0],
        })
      }
      return {
        text: `${detail}.\n`,
        json: { documents, alerts },
        detail,
        rowCount: documents,
        orders: documents,
      }
    }),
}

interface Outcome {
  documents: number
  /** Alerts that began or changed. */
  alerts: number
  /** Keys and hours of which a rule could say nothing, because it failed. */
  failures: Error[]
}

/**
 * Judges what is new in the log, step by step.
 * @param options.through append time up to which to judge; default: the newest that nobody can write before any more
 */
export async function runBatchRules(
  sql: Sql,
  {
    through,
    step = STEP,
    keyedRules = KEYED_RULES,
    hourlyRules = HOURLY_RULES,
  }: {
    through?: Instant
    step?: number
    keyedRules?: readonly AnyKeyedRule[]
    hourlyRules?: readonly AnyHourlyRule[]
  } = {},
): Promise<Outcome> {
  await followLog(sql)
  const end = through ?? (await settledTime(sql))
  const reference = await loadOperatorReference(sql)
  const knowledge = await loadRuleKnowledge(sql, reference)
  const outcome: Outcome = { documents: 0, alerts: 0, failures: [] }
  const add = (done: Outcome) => {
    outcome.documents += done.documents
    outcome.alerts += done.alerts
    outcome.failures.push(...done.failures)
  }
  for (let isAtEnd = false; !isAtEnd; ) {
    await sql.begin(async transaction => {
      const taken = await takeNext(transaction, { end, step })
      isAtEnd = taken.isAtEnd
      add({
        documents: taken.documents,
        ...(await judgeKeys(transaction, { taken, knowledge, rules: keyedRules })),
      })
    })
  }
  for (let isAtEnd = false; !isAtEnd; ) {
    await sql.begin(async transaction => {
      const judged = await judgeHours(transaction, { end, reference, rules: hourlyRules })
      isAtEnd = judged.isAtEnd
      add({ documents: 0, ...judged })
    })
  }
  return outcome
}

/**
 * The newest append time that the log has and that nothing can come before any more: who is appending while we look
 * holds the partition's lock, and has committed when we have held it too. On an empty log the epoch: a history may yet
 * be loaded into it.
 */
async function settledTime(sql: Sql): Promise<Instant> {
  const [clock] = await sql<{ now: Instant }[]>`select date_trunc('milliseconds', clock_timestamp()) as now`
  const partitions = await sql<
    { partition: number }[]
  >`select partition from log.partitions order by partition`
  let newest: Instant = 0
  for (const { partition } of partitions) {
    await sql.begin(async transaction => {
      await transaction`select set_config('lock_timeout', ${String(LOCK_TIMEOUT_MS)}, true)`
      await transaction`select pg_advisory_xact_lock_shared(7411, ${partition})`
    })
    const [last] = await sql<{ appendedAt: Instant }[]>`
      select appended_at as "appendedAt" from log.last_position(${partition})`
    newest = Math.max(newest, last?.appendedAt ?? 0)
  }
  return Math.min(newest, (clock?.now ?? 0) - 1)
}
