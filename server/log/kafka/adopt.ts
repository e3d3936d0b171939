import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { LOG_START, type Position } from '#domain/log-event.ts'
import { listDroppedDays } from '#server/log/archive/archived-days.ts'
import { adoptedTopic } from '#server/log/open-log.ts'
import { asUnavailable, type Cluster, type Connections, openCluster, TopicError } from './cluster.ts'
import { writeLoose } from './produce.ts'
import { createTopicReader, type TopicReader } from './reader.ts'
import { createLogTopic, ORDERS_TOPIC } from './topic.ts'

/** Entries read and written at once. */
const COPIED_AT_ONCE = 2_000

export interface Adoption {
  topic: string
  /** False where the log was in the topic before. */
  isNew: boolean
  /** Entries that the topic holds of before. */
  entries: number
}

/**
 * Makes a topic the order log of a database: copies what log.event_log holds, with equal offsets and append times, and
 * writes down that the log is there. Appends wait meanwhile; what is written after it goes into the topic. Interrupted, it
 * goes on where it was when it is done again.
 *
 * @param brokers host:port of some of the cluster's brokers
 * @throws TopicError when the topic holds something else, or the log is in another; LogUnavailableError
 */
export async function adoptKafka(
  sql: Sql,
  brokers: readonly string[],
  { topic = ORDERS_TOPIC, onCopied }: { topic?: string; onCopied?: (entries: number) => void } = {},
): Promise<Adoption> {
  const known = await adoptedTopic(sql)
  if (known) return confirm(brokers, known, topic)
  const partitions = await sql<{ partition: number }[]>`select partition from log.partitions order by 1`
  const cluster = openCluster(brokers, topic)
  try {
    await createLogTopic(brokers, { topic, partitions: partitions.length })
    const count = await cluster.partitionCount()
    if (count !== partitions.length)
      throw new TopicError(
        `${topic} has ${count} partitions, but the log of this database has ${partitions.length}: use another topic.`,
      )
    const clusterId = await cluster.clusterId()
    const work = { cluster, connections: cluster.connections('adoption'), reader: createTopicReader(cluster) }
    return await sql.begin(async transaction => {
      // The lock that log.append takes, of every partition in one order: nobody appends until this has committed.
      await transaction`
        select pg_advisory_xact_lock(7411, partition) from (select partition from log.partitions order by 1) p`
      await refuseDroppedDays(transaction)
      let entries = 0
      for (const { partition } of partitions) {
        const last = await copyPartition(transaction, {
          ...work,
          partition,
          onCopied: copied => onCopied?.(entries + copied),
        })
        entries += last.offset
        await transaction`
          insert into log.archived (partition, "offset", appended_at, end_offset)
          values (${partition}, ${last.offset}, ${last.appendedAt}, ${last.offset})`
      }
      await transaction`
        insert into log.archived_rows (partition, append_day, rows)
        select partition, (appended_at at time zone 'UTC')::date, count(*) from log.event_log group by 1, 2`
      await transaction`insert into log.kafka (topic, cluster_id) values (${topic}, ${clusterId})`
      return { topic, isNew: true, entries }
    })
  } catch (error) {
    throw asUnavailable(error)
  } finally {
    await cluster.close()
  }
}

/** @throws TopicError where the log lacks days: offsets of the topic would be others than those of the log */
async function refuseDroppedDays(transaction: Transaction): Promise<void> {
  const dropped = (await listDroppedDays(transaction)).map(({ appendDay }) => appendDay)
  const [first, last] = [dropped[0], dropped.at(-1)]
  if (first === undefined) return
  throw new TopicError(
    `The log cannot be copied whole: append days ${first} to ${last} of it lie in the archive alone: ` +
      `"npm run archive -- restore --from ${first} --to ${last}" brings them back.`,
  )
}

async function confirm(
  brokers: readonly string[],
  known: { topic: string; clusterId: string },
  asked: string,
): Promise<Adoption> {
  if (known.topic !== asked)
    throw new TopicError(`The log of this database is in the topic ${known.topic}: it can be in no other.`)
  const cluster = openCluster(brokers, known.topic, known.clusterId)
  try {
    await cluster.clusterId()
    return { topic: known.topic, isNew: false, entries: 0 }
  } catch (error) {
    throw asUnavailable(error)
  } finally {
    await cluster.close()
  }
}

interface Copying {
  cluster: Cluster
  connections: Connections
  reader: TopicReader
  partition: number
  onCopied(entries: number): void
}

/** @returns the last position of the partition, the same in both logs */
async function copyPartition(transaction: Transaction, copying: Copying): Promise<Position> {
  const { cluster, connections, partition, onCopied } = copying
  let last = await copiedBefore(transaction, copying)
  const chunks = transaction
    .unsafe<{ offset: number; appendedAt: number; value: string }[]>(ENTRIES, [
      partition,
      new Date(last.appendedAt).toISOString(),
      last.offset,
    ])
    .cursor(COPIED_AT_ONCE)
  for await (const rows of chunks) {
    const first = rows[0]
    if (!first) break
    const base = await writeLoose(cluster, connections, {
      partition,
      values: rows.map(({ value }) => Buffer.from(value)),
    })
    // What was sent twice, or by somebody else, would move all that follows.
    if (Number(base) !== last.offset || first.offset !== last.offset + 1)
      throw holdsSomethingElse(cluster.topic, partition)
    const newest = rows.at(-1) ?? first
    last = { offset: newest.offset, appendedAt: newest.appendedAt }
    onCopied(last.offset)
  }
  return last
}

/** How far an adoption that was interrupted has come. @throws TopicError when the topic holds something else */
async function copiedBefore(
  transaction: Transaction,
  { cluster, reader, partition }: Copying,
): Promise<Position> {
  const written = Number(await reader.writtenEnd(partition))
  if (written === 0) return LOG_START
  const { offset } = await reader.endOf(partition)
  const [record] = await reader.read({ partition, after: { offset: offset - 1, appendedAt: 0 }, limit: 1 })
  const [row] = await transaction<{ appendedAt: number; source: string | null; id: string | null }[]>`
    select appended_at as "appendedAt", source, id from log.event_log
    where partition = ${partition} and "offset" = ${offset}`
  const isSame =
    offset === written &&
    row !== undefined &&
    record?.appendedAt === row.appendedAt &&
    (record.type === 'tick' ? row.source === null : record.source === row.source && record.id === row.id)
  if (!isSame) throw holdsSomethingElse(cluster.topic, partition)
  return { offset, appendedAt: row.appendedAt }
}

function holdsSomethingElse(topic: string, partition: number): TopicError {
  return new TopicError(
    `Partition ${partition} of ${topic} holds something else than the log of this database: delete the topic, or use another.`,
  )
}

/**
 * The log's entries as record.ts writes them, made by Postgres itself: $1 partition, $2 append time and $3 offset after
 * which. A single tender is a column of its own there (event-rows.ts).
 */
const ENTRIES = `
  select e."offset", e.appended_at as "appendedAt",
    case when e.type = 'tick' then jsonb_build_object('type', e.type, 'appendedAt', ms.appended)
    else jsonb_build_object(
      'type', e.type, 'class', e.class, 'source', e.source, 'id', e.id, 'partition', e.partition, 'store', e.store,
      'channel', e.channel, 'register', e.register, 'eventTime', ms.event, 'businessDay', e.business_day,
      'currency', e.currency, 'orderId', e.order_id, 'customer', e.customer, 'totalUnits', e.total_units,
      'totalGross', e.total_gross, 'totalDiscounts', e.total_discounts, 'totalReturns', e.total_returns,
      'totalTax', e.total_tax,
      'lines', case when e.skus is not null then jsonb_build_object('skus', e.skus, 'units', e.units,
        'unitPrices', e.unit_prices, 'amounts', e.amounts, 'discounts', e.discounts, 'taxes', e.taxes,
        'refunds', e.refunds, 'stocked', e.stocked) end,
      'details', case when e.tender is null then e.details else coalesce(e.details, '{}')
        || jsonb_build_object('tenders', jsonb_build_array(jsonb_build_object('type', e.tender, 'amount', null))) end,
      'attributes', e.attributes, 'rulesVersion', e.rules_version,
      'bodyHash', replace(k.body_hash::text, '-', ''), 'appendedAt', ms.appended)
    end::text as value
  from log.event_log e
  cross join lateral (
    select (extract(epoch from e.appended_at) * 1000)::bigint as appended,
      (extract(epoch from e.event_time) * 1000)::bigint as event
  ) ms
  left join log.event_keys k on k.source = e.source and k.id = e.id
  where e.partition = $1 and e.appended_at >= $2::timestamptz and e."offset" > $3
  order by e.appended_at, e."offset"`
