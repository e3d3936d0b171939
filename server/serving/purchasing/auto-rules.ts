import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { type Amount, formatAmount, parseAmount } from '#domain/money.ts'
import { goodsValue } from '#domain/purchasing/draft.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { readOrderProposals } from '#server/serving/restock/proposals.ts'
import { draftLines, type draftLinesSchema } from './drafts.ts'
import { tellOrders } from './outbox.ts'
import type { Actor } from './people.ts'
import { placeDraft } from './placing.ts'

/** What orders by itself from a supplier, for one store or for all. */
export interface AutoRule {
  rule: number
  supplier: string
  supplierName: string
  /** Null: every store. */
  store: string | null
  isOn: boolean
  /** Of all its orders of 24 hours. */
  dailyCap: string
  currency: string
  changedBy: string | null
  changedAt: Instant
  /** What it ordered within 24 hours. */
  spent: string
}

export const autoRuleSchema = z.strictObject({
  supplier: z.string().min(1).max(128),
  store: z.string().min(1).max(128).nullable().default(null),
  isOn: z.boolean(),
  dailyCap: z.string().refine(text => (parseAmount(text) ?? 0) > 0, {
    error: 'a cap is an amount above zero, such as 250',
  }),
  currency: z.string().regex(/^[A-Z]{3}$/, { error: 'a currency is three letters, such as EUR' }),
})

/** The rules there are, by supplier. */
export async function readAutoRules(reading: Reading): Promise<AutoRule[]> {
  const rows = await reading<(Omit<AutoRule, 'dailyCap' | 'spent'> & { dailyCap: Amount; spent: Amount })[]>`
    select r.rule, r.supplier, s.name as "supplierName", r.store, r.is_on as "isOn", r.daily_cap as "dailyCap",
      r.currency, r.changed_by as "changedBy", r.changed_at as "changedAt", coalesce(spent.value, 0)::bigint as spent
    from purchasing.auto_rules r join ref.suppliers s on s.supplier = r.supplier
    left join lateral (
      select sum(l.units * l.unit_cost) as value
      from purchasing.orders o join purchasing.order_lines l on l.purchase_order = o.purchase_order
      where o.auto_rule = r.rule and o.placed_at > now() - interval '24 hours'
    ) spent on true
    order by s.name, r.store nulls first`
  return rows.map(({ dailyCap, spent, ...rule }) => ({
    ...rule,
    dailyCap: formatAmount(dailyCap),
    spent: formatAmount(spent),
  }))
}

/** Sets what orders from a supplier by itself; one rule for each supplier and store. @throws RefusedError */
export async function saveAutoRule(
  sql: Sql,
  { supplier, store, isOn, dailyCap, currency }: z.output<typeof autoRuleSchema>,
  by: Actor,
): Promise<void> {
  await sql.begin(async transaction => {
    const [known] = await transaction<{ isSupplier: boolean; isStore: boolean }[]>`
      select exists (select from ref.suppliers where supplier = ${supplier}) as "isSupplier",
        ${store}::text is null or exists (select from ref.stores where store = ${store}) as "isStore"`
    if (!known?.isSupplier) throw new RefusedError(`${supplier}: no such supplier.`)
    if (!known.isStore) throw new RefusedError(`${store}: no such store.`)
    await transaction`
      insert into purchasing.auto_rules (supplier, store, is_on, daily_cap, currency, changed_by)
      values (${supplier}, ${store}, ${isOn}, ${parseAmount(dailyCap)}, ${currency}, ${by})
      on conflict (supplier, store) do update set is_on = excluded.is_on, daily_cap = excluded.daily_cap,
        currency = excluded.currency, changed_by = excluded.changed_by, changed_at = clock_timestamp()`
    await tellOrders(transaction, null)
  })
}

/** One process at a time orders by rules: two would order the same twice. */
const LOCK = [7_412, 2] as const

/**
 * Orders what the rules that are on may order: what would be proposed, the worst shortage first, line by line as long as
 * the rule's orders of 24 hours stay within its cap. What somebody has ordered and the stream has not counted yet is
 * ordered by nobody once more, so nothing is ordered twice however late the stream is. An order that its supplier would
 * not take (its least value) waits until more has come together.
 * @returns numbers of the orders placed; whoever calls sends what waits afterwards
 */
export async function orderByRules(sql: Sql): Promise<string[]> {
  const placed: string[] = []
  for (const { rule, isOn } of await readAutoRules(sql)) {
    const order = isOn ? await orderByRule(sql, rule) : null
    if (order !== null) placed.push(order)
  }
  return placed
}

async function orderByRule(sql: Sql, number: number): Promise<string | null> {
  try {
    return await sql.begin(async transaction => {
      const [lock] = await transaction<{ isOurs: boolean }[]>`
        select pg_try_advisory_xact_lock(${LOCK[0]}, ${LOCK[1]}) as "isOurs"`
      // What the holder before has ordered is seen from here on.
      const rule = (await readAutoRules(transaction)).find(({ rule }) => rule === number)
      if (!lock?.isOurs || !rule?.isOn) return null
      const lines = await linesWithin(sql, rule, await readUncounted(transaction))
      if (lines.length === 0) return null
      const [made] = await draftLines(transaction, lines, { by: null, autoRule: number })
      if (!made) return null
      await placeDraft(transaction, made.order, `rule ${number}`)
      return made.order
    })
  } catch (error) {
    // Nothing was drafted either: it is tried again with what is short then.
    if (error instanceof RefusedError) return null
    throw error
  }
}

/** What a rule may order now: the emptiest shelves first. Without a cost nobody can say whether a line is within the cap. */
async function linesWithin(
  sql: Sql,
  rule: AutoRule,
  uncounted: ReadonlySet<string>,
): Promise<z.output<typeof draftLinesSchema>> {
  const { suppliers } = await readOrderProposals(sql, {
    stores: rule.store === null ? [] : [rule.store],
    rules: [],
    supplier: rule.supplier,
  })
  const left = BigInt((parseAmount(rule.dailyCap) ?? 0) - (parseAmount(rule.spent) ?? 0))
  const chosen: { store: string; sku: string; units: number; unitCost: Amount }[] = []
  const wanted = suppliers
    .flatMap(({ lines }) => lines)
    .filter(({ currency, store, sku }) => currency === rule.currency && !uncounted.has(keyOf(store, sku)))
    .sort((one, other) => one.onHand - other.onHand)
  for (const { store, sku, suggestedUnits, unitCost } of wanted) {
    const cost = unitCost === null ? null : parseAmount(unitCost)
    if (!suggestedUnits || cost === null) continue
    const line = { store, sku, units: suggestedUnits, unitCost: cost }
    if (goodsValue([...chosen, line]) <= left) chosen.push(line)
  }
  return chosen.map(({ store, sku, units }) => ({ store, sku, units }))
}

/** Products of stores of which an order was placed that the stream has not counted yet. */
async function readUncounted(reading: Reading): Promise<Set<string>> {
  const rows = await reading<{ store: string; sku: string }[]>`
    select l.store, l.sku
    from purchasing.orders o
    join purchasing.order_lines l on l.purchase_order = o.purchase_order
    left join stream.active_generation a on true
    where o.placed_at > now() - interval '24 hours' and not exists (
      select from stream.purchases p
      where p.generation = a.generation and p.store = l.store and p.purchase_order = l.purchase_order and p.sku = l.sku)`
  return new Set(rows.map(({ store, sku }) => keyOf(store, sku)))
}

function keyOf(store: string, sku: string): string {
  return JSON.stringify([store, sku])
}
