import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'
import type { AlertChange } from '#domain/operators/alert.ts'
import type { OperatorFold, SessionRow } from '#domain/operators/fold.ts'
import { PANES_KEPT_MS, type PaneDelta, SESSIONS_KEPT_MS } from '#domain/operators/metric.ts'
import { documentsOf, jsonDocuments, plainArray, textArray } from '#platform/pg-array.ts'
import { followedPartitions, type GenerationPartition } from '#server/stream/state/generations.ts'

const instantOf = (column: string) => `'epoch'::timestamptz + ${column} * interval '1 millisecond'`

/** Writes what a batch's operators keep and say. @param watermark after the batch */
export async function writeOperators(
  transaction: Transaction,
  rows: GenerationPartition,
  { fold, watermark }: { fold: OperatorFold; watermark: Instant | null },
): Promise<void> {
  await Promise.all([
    upsertStates(transaction, rows, fold.statesSince(watermark)),
    addToPanes(transaction, rows, fold.panesSince(watermark)),
    upsertSessions(transaction, rows, fold.sessionsSince(watermark)),
    upsertAlerts(transaction, rows, fold.alerts),
  ])
}

async function upsertStates(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  states: ReturnType<OperatorFold['statesSince']>,
): Promise<void> {
  const rows = states.map(({ operator, place, kept }) => {
    const [store = '', key = ''] = place.split('\u001f')
    return { operator, store, key, kept }
  })
  if (rows.length === 0) return
  await transaction.unsafe(
    `insert into stream.operator_states_g${generation} (generation, partition, operator, store, key, state, expires_at,
       since_offset, alert, is_held)
     select $1::integer, $2::smallint, operator, store, key, state::jsonb, ${instantOf('expires_at')}, since_offset,
       nullif(alert, 'null')::jsonb, is_held
     from unnest($3::text::text[], $4::text::text[], $5::text::text[], ${documentsOf('$6')}, $7::text::bigint[],
         $8::text::bigint[], ${documentsOf('$9')}, $10::text::boolean[])
       as given(operator, store, key, state, expires_at, since_offset, alert, is_held)
     on conflict (generation, partition, operator, store, key) do update set
       state = excluded.state,
       expires_at = excluded.expires_at,
       since_offset = excluded.since_offset,
       alert = excluded.alert,
       is_held = excluded.is_held`,
    [
      generation,
      partition,
      textArray(rows, ({ operator }) => operator),
      textArray(rows, ({ store }) => store),
      textArray(rows, ({ key }) => key),
      jsonDocuments(rows, ({ kept }) => kept.state),
      plainArray(rows, ({ kept }) => kept.expiresAt),
      plainArray(rows, ({ kept }) => kept.since),
      jsonDocuments(rows, ({ kept }) => kept.alert),
      plainArray(rows, ({ kept }) => String(kept.isHeld)),
    ],
    { prepare: true },
  )
}

/**
 * Adds to the panes that are there, and inserts those of a store that this batch begins: nobody else writes them, so that
 * nothing can be in the way. Of a batch far behind nearly all are begun, and looking for each key, with an insert that may
 * be taken back, cost as much again as the rows.
 */
async function addToPanes(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  panes: readonly PaneDelta[],
): Promise<void> {
  if (panes.length === 0) return
  const rowsOf = (given: string) => `
    insert into stream.panes_g${generation} as kept (generation, partition, metric, store, pane_start, key, documents,
      units, net, processed_at)
    select $1::integer, $2::smallint, metric, store, pane_start, key, documents, units, net, now() from ${given}`
  await transaction.unsafe(
    `with given as materialized (
       select metric, store, ${instantOf('pane_start')} as pane_start, key, documents, units, net
       from unnest($3::text::text[], $4::text::text[], $5::text::bigint[], $6::text::text[], $7::text::bigint[],
           $8::text::bigint[], $9::text::bigint[])
         as given(metric, store, pane_start, key, documents, units, net)
     ),
     -- Lateral with a limit: one look into the index for each, whatever the planner thinks.
     begun as materialized (
       select touched.* from (select distinct metric, store, pane_start from given) touched
       cross join lateral (
         select from stream.panes_g${generation} known
         where known.generation = ${generation} and known.metric = touched.metric and known.store = touched.store
           and known.pane_start = touched.pane_start limit 1
       ) known
     ),
     added as (
       ${rowsOf('given join begun using (metric, store, pane_start)')}
       on conflict (generation, metric, store, pane_start, key) do update set
         documents = kept.documents + excluded.documents,
         units = kept.units + excluded.units,
         net = kept.net + excluded.net,
         processed_at = excluded.processed_at
     )
     ${rowsOf('given')}
     where (metric, store, pane_start) not in (select metric, store, pane_start from begun)`,
    [
      generation,
      partition,
      textArray(panes, pane => pane.metric),
      textArray(panes, pane => pane.store),
      plainArray(panes, pane => pane.paneStart),
      textArray(panes, pane => pane.key),
      plainArray(panes, pane => pane.documents),
      plainArray(panes, pane => pane.units),
      plainArray(panes, pane => pane.net),
    ],
    { prepare: true },
  )
}

async function upsertSessions(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  rows: readonly SessionRow[],
): Promise<void> {
  if (rows.length === 0) return
  await transaction.unsafe(
    `insert into stream.sessions_g${generation} (generation, partition, session_id, metric, store, key, started_at,
       ended_at, orders, units, net, views, processed_at)
     select $1::integer, $2::smallint, session_id, metric, store, key, ${instantOf('started_at')},
       ${instantOf('ended_at')}, orders, units, net, views, now()
     from unnest($3::text::text[], $4::text::text[], $5::text::text[], $6::text::text[], $7::text::bigint[],
         $8::text::bigint[], $9::text::bigint[], $10::text::bigint[], $11::text::bigint[], $12::text::bigint[])
       as given(session_id, metric, store, key, started_at, ended_at, orders, units, net, views)
     on conflict (generation, session_id) do update set
       started_at = excluded.started_at,
       ended_at = excluded.ended_at,
       orders = excluded.orders,
       units = excluded.units,
       net = excluded.net,
       views = excluded.views,
       processed_at = excluded.processed_at`,
    [
      generation,
      partition,
      textArray(rows, row => row.sessionId),
      textArray(rows, row => row.metric),
      textArray(rows, row => row.store),
      textArray(rows, row => row.key),
      plainArray(rows, row => row.start),
      plainArray(rows, row => row.end),
      plainArray(rows, row => row.orders),
      plainArray(rows, row => row.units),
      plainArray(rows, row => row.net),
      plainArray(rows, row => row.views),
    ],
    { prepare: true },
  )
}

async function upsertAlerts(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  changes: ReadonlyMap<string, AlertChange>,
): Promise<void> {
  if (changes.size === 0) return
  const alerts = [...changes.values()].map(({ alert }) => alert)
  await transaction.unsafe(
    `insert into stream.alerts_g${generation} (generation, partition, alert_id, kind, rule, rule_version, store, register,
       subject, severity, score, state, opened_at, opened_offset, amended_at, amended_offset, resolved_at, evidence,
       processed_at)
     select $1::integer, $2::smallint, alert_id, kind, rule, rule_version, store, register, subject, severity, score,
       state, ${instantOf('opened_at')}, opened_offset, ${instantOf('amended_at')}, amended_offset,
       ${instantOf('resolved_at')}, evidence::jsonb, now()
     from unnest($3::text::text[], $4::text::text[], $5::text::text[], $6::text::integer[], $7::text::text[],
         $8::text::text[], $9::text::text[], $10::text::text[], $11::text::double precision[], $12::text::text[],
         $13::text::bigint[], $14::text::bigint[], $15::text::bigint[], $16::text::bigint[], $17::text::bigint[],
         ${documentsOf('$18')})
       as given(alert_id, kind, rule, rule_version, store, register, subject, severity, score, state, opened_at,
         opened_offset, amended_at, amended_offset, resolved_at, evidence)
     on conflict (generation, alert_id) do update set
       severity = excluded.severity,
       score = excluded.score,
       state = excluded.state,
       amended_at = excluded.amended_at,
       amended_offset = excluded.amended_offset,
       resolved_at = excluded.resolved_at,
       evidence = excluded.evidence,
       processed_at = excluded.processed_at`,
    [
      generation,
      partition,
      textArray(alerts, alert => alert.alertId),
      textArray(alerts, alert => alert.kind),
      textArray(alerts, alert => alert.rule),
      plainArray(alerts, alert => alert.ruleVersion),
      textArray(alerts, alert => alert.store),
      textArray(alerts, alert => alert.register),
      textArray(alerts, alert => alert.subject),
      textArray(alerts, alert => alert.severity),
      plainArray(alerts, alert => alert.score),
      textArray(alerts, alert => alert.state),
      plainArray(alerts, alert => alert.openedAt),
      plainArray(alerts, alert => alert.openedOffset),
      plainArray(alerts, alert => alert.amendedAt),
      plainArray(alerts, alert => alert.amendedOffset),
      plainArray(alerts, alert => alert.resolvedAt),
      jsonDocuments(alerts, ({ summary, figures, receipts }) => ({ summary, figures, receipts })),
    ],
    { prepare: true },
  )
}

/** The longest window of any metric is shorter. */
const LONGEST_WINDOW_MS = DAY_MS

/**
 * Deletes what no operator will look at again, and nobody shows: expired states, panes and sessions long past. No index
 * by time helps it: it looks once in a while, and one would be written with every order.
 */
export async function trimOperators(sql: Sql, partitions: readonly number[]): Promise<void> {
  for (const { generation, partition } of await followedPartitions(sql, partitions)) {
    await sql`
      with reached as (
        select watermark from stream.checkpoints where generation = ${generation} and partition = ${partition}
      ), states as (
        delete from stream.operator_states s using reached
        where s.generation = ${generation} and s.partition = ${partition} and not s.is_held
          and s.expires_at <= reached.watermark
      ), panes as (
        delete from stream.panes p using reached
        where p.generation = ${generation} and p.partition = ${partition}
          and p.pane_start < reached.watermark - ${LONGEST_WINDOW_MS + PANES_KEPT_MS}::float8 * interval '1 millisecond'
      )
      delete from stream.sessions s using reached
      where s.generation = ${generation} and s.partition = ${partition}
        and s.ended_at < reached.watermark - ${SESSIONS_KEPT_MS}::float8 * interval '1 millisecond'`
  }
}
