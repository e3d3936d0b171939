import { type KeyDocuments, loadKeyDocuments } from '#db/rule-documents.ts'
import type { RuleKnowledge } from '#db/rule-knowledge.ts'
import type { Transaction } from '#db/transaction.ts'
import { type AnyKeyedRule, alertOf, type BatchAlert } from '#domain/batch-rules/batch-rule.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { writeAlerts } from './write-alerts.ts'

/**
 * Uses of a card that lie further apart in time tell nothing: half the earth (20,015 km) at the least speed that a rule
 * may be set to (100 km/h).
 */
const CARD_HOURS = 201
/** A return whose store still awaits files is looked at again so soon. */
const LOOK_AGAIN_MS = HOUR_MS

/** What a step has taken from the log. */
export interface Taken {
  /** Append times (after, through]. */
  after: Instant
  through: Instant
  documents: number
  /** Keys of which something is new that may concern a rule, as text. */
  orders: string[]
  cards: string[]
  isAtEnd: boolean
}

/** Brings the documents of the next entries of the log to where they are found by order and card. */
export async function takeNext(
  transaction: Transaction,
  { end, step }: { end: Instant; step: number },
): Promise<Taken> {
  await transaction`insert into batch.rule_progress default values on conflict do nothing`
  // Whoever comes second waits here, and goes on from where we end.
  const [progress] = await transaction<{ through: Instant }[]>`
    select through from batch.rule_progress for update`
  const after = progress?.through ?? 0
  const [bound] = await transaction<{ through: Instant | null }[]>`
    select min(l.appended_at) as through
    from log.partitions p
    cross join lateral (
      select e.appended_at from log.event_log e
      where e.partition = p.partition and e.appended_at > ${after}
      order by e.appended_at, e."offset" offset ${step - 1}::integer limit 1
    ) l`
  const through = Math.max(after, Math.min(end, bound?.through ?? end))
  await transaction`
    create temp table taken_documents on commit drop as
    select e."offset", e.appended_at, e.event_time,
      hashtextextended(case when e.type = 'order.returned' then e.details ->> 'originalOrderId' else e.order_id end, 0)
        as order_key,
      case when e.type = 'order.placed' and e.channel <> 'online'
        then hashtextextended(e.details ->> 'cardToken', 0) end as card_key,
      hashtext(e.store) as store_key, e.partition, e.type = 'order.returned' as is_return
    from log.partitions p
    join log.event_log e on e.partition = p.partition and e.appended_at > ${after} and e.appended_at <= ${through}
    where e.type in ('order.placed', 'order.voided', 'order.returned') and log.why_indigestible(e) is null`
  const { count: documents } = await transaction`
    insert into batch.rule_documents ("offset", appended_at, event_time, order_key, card_key, store_key, partition, is_return)
    select * from taken_documents where order_key is not null or card_key is not null`
  await transaction`analyze taken_documents`
  const orders = await transaction<{ key: string }[]>`
    select distinct n.order_key::text as key from taken_documents n
    where exists (select from batch.rule_documents r where r.order_key = n.order_key and r.is_return)`
  const cards = await transaction<{ key: string }[]>`
    select distinct n.card_key::text as key from taken_documents n
    where exists (
      select from batch.rule_documents d
      where d.card_key = n.card_key and d.store_key <> n.store_key
        and d.event_time between n.event_time - make_interval(hours => ${CARD_HOURS}::integer)
          and n.event_time + make_interval(hours => ${CARD_HOURS}::integer))`
  await transaction`drop table taken_documents`
  await transaction`update batch.rule_progress set through = ${through}`
  return {
    after,
    through,
    documents,
    orders: orders.map(({ key }) => key),
    cards: cards.map(({ key }) => key),
    isAtEnd: through >= end,
  }
}

/** Judges the keys that a step has touched, and those that have waited for long enough. */
export async function judgeKeys(
  transaction: Transaction,
  { taken, knowledge, rules }: { taken: Taken; knowledge: RuleKnowledge; rules: readonly AnyKeyedRule[] },
): Promise<{ alerts: number; failures: Error[] }> {
  const { through } = taken
  const due = await transaction<{ key: string }[]>`
    delete from batch.rule_waits where due_at <= ${through} returning order_key::text as key`
  const dueKeys = new Set(due.map(({ key }) => key))
  const alerts: BatchAlert[] = []
  const failures: Error[] = []
  for (const by of ['order', 'card'] as const) {
    const keys = by === 'order' ? [...new Set([...taken.orders, ...dueKeys])] : taken.cards
    const groups = await loadKeyDocuments(transaction, { by, keys, through })
    for (const rule of rules.filter(one => one.by === by)) {
      const context = knowledge.contextOf(rule, through)
      for (const { name, documents } of groups) {
        try {
          alerts.push(...rule.judge(documents, context).map(finding => alertOf(rule, finding)))
        } catch (cause) {
          failures.push(new Error(`${rule.name} failed on ${by} ${name}`, { cause }))
        }
      }
    }
    if (by === 'order') await writeWaits(transaction, { groups, dueKeys, taken, knowledge, rules })
  }
  return { alerts: await writeAlerts(transaction, alerts), failures }
}

/** Returns whose order is not there are looked at again when it should be. */
async function writeWaits(
  transaction: Transaction,
  {
    groups,
    dueKeys,
    taken: { after, through },
    knowledge,
    rules,
  }: {
    groups: readonly KeyDocuments[]
    dueKeys: ReadonlySet<string>
    taken: Taken
    knowledge: RuleKnowledge
    rules: readonly AnyKeyedRule[]
  },
): Promise<void> {
  const waits = new Map<string, { key: string; dueAt: Instant }>()
  const add = (key: string, dueAt: Instant) => waits.set(`${key} ${dueAt}`, { key, dueAt })
  for (const rule of rules) {
    const { waitsMs, by } = rule
    if (by !== 'order' || !waitsMs) continue
    const { ruleAt, filesIn } = knowledge.contextOf(rule, through)
    for (const { key, documents } of groups) {
      if (documents.some(({ type }) => type !== 'order.returned')) continue
      for (const { appendedAt, eventTime, store, businessDay } of documents) {
        const inForce = ruleAt(eventTime)
        if (!inForce) continue
        const dueAt = appendedAt + waitsMs(inForce.parameters)
        if (appendedAt > after && dueAt > through) add(key, dueAt)
        const filesAt = filesIn(store, businessDay)
        const isAwaiting = filesAt === null || filesAt + LOOK_AGAIN_MS > through
        if (isAwaiting && (dueKeys.has(key) || appendedAt > after))
          add(key, Math.max(dueAt, through + LOOK_AGAIN_MS))
      }
    }
  }
  const all = [...waits.values()]
  if (all.length === 0) return
  await transaction`
    insert into batch.rule_waits (order_key, due_at)
    select * from unnest(
      ${all.map(({ key }) => key)}::text[]::bigint[],
      ${all.map(({ dueAt }) => new Date(dueAt).toISOString())}::timestamptz[])
    on conflict do nothing`
}
