import { clockOffsetMs, expectedBetween, hourClass, hourOfWeek } from '#domain/operators/hour-of-week.ts'
import type { OperatorReference, OrderSizes, RuleVersion } from '#domain/operators/reference.ts'
import { type Store, storeAt } from '#domain/store.ts'
import { type ValidFrom, validAt } from '#domain/validity.ts'
import { loadStores } from './stores.ts'
import type { Reading } from './transaction.ts'

export type RuleRow = RuleVersion & { rule: string }
export type ExpectedRow = ValidFrom & { store: string; orders: number[] }
export type SizesRow = ValidFrom & OrderSizes & { store: string; currency: string; hourClass: number }

/** Rows of `ref` that operators join with; of each kind oldest first. */
export interface OperatorRows {
  rules: readonly RuleRow[]
  expectedOrders: readonly ExpectedRow[]
  orderSizes: readonly SizesRow[]
  stores: readonly Store[]
}

/** Reads what operators join with: rules as people set them, stores, and what their habits let expect. */
export async function loadOperatorReference(reading: Reading): Promise<OperatorReference> {
  const [rules, expectedOrders, orderSizes, stores] = await Promise.all([
    reading.unsafe<RuleRow[]>(
      `select rule, version, valid_from as "validFrom", is_on as "isOn", parameters
       from ref.rule_versions order by rule, valid_from`,
    ),
    reading.unsafe<ExpectedRow[]>(
      'select store, valid_from as "validFrom", orders from ref.expected_orders order by store, valid_from',
    ),
    reading.unsafe<SizesRow[]>(
      `select store, currency, hour_class as "hourClass", valid_from as "validFrom", median, spread, documents
       from ref.order_sizes order by valid_from`,
    ),
    loadStores(reading),
  ])
  return operatorReferenceOf({ rules, expectedOrders, orderSizes, stores })
}

/** What operators look up in rows of the tables: pure, so that a test may bring its own. */
export function operatorReferenceOf({
  rules,
  expectedOrders: expected,
  orderSizes: sizes,
  stores,
}: OperatorRows): OperatorReference {
  const rulesByName = Map.groupBy(rules, ({ rule }) => rule)
  const expectedByStore = Map.groupBy(expected, ({ store }) => store)
  const sizesByClass = Map.groupBy(
    sizes,
    ({ store, currency, hourClass }) => `${store}\u001f${currency}\u001f${hourClass}`,
  )
  const storesById = new Map(stores.map(store => [store.id, store]))
  return {
    ruleAt: (rule, at) => validAt(rulesByName.get(rule), at),
    expectedOrders(id, from, to) {
      const orders = validAt(expectedByStore.get(id), to)?.orders
      const store = storesById.get(id)
      return orders && store ? expectedBetween(orders, { zone: storeAt(store, to).zone, from, to }) : null
    },
    orderSizes(id, currency, at) {
      const store = sizes.length > 0 && storesById.get(id)
      if (!store) return null
      const hours = hourClass(hourOfWeek(at, clockOffsetMs(storeAt(store, at).zone, at)))
      return validAt(sizesByClass.get(`${id}\u001f${currency}\u001f${hours}`), at)
    },
    isLive(id, at) {
      const store = storesById.get(id)
      return store !== undefined && storeAt(store, at).input === 'live'
    },
  }
}
