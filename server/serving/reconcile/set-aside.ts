import { inStores } from '#server/serving/scope.ts'
import { MAX_FOUND } from './audit-rows.ts'
import type { FindingSource, FoundRow } from './findings.ts'

type Row = Pick<FoundRow, 'path'> & {
  partition: number
  offset: number
  store: string
  businessDay: string | null
  reason: string
}

/**
 * Events of the log that a path has set aside, and nobody has accepted yet: of the range, and all that have no day by
 * which they could be told to lie in another one.
 */
export const setAsideEvents: FindingSource = async (reading, scope) => {
  const rows = await reading<Row[]>`
    select path, partition, "offset", store, business_day::text as "businessDay", reason from recon.set_aside
    where accepted_because is null
      and (not coalesce(isfinite(business_day), false) or business_day not between '1900-01-01' and '2199-12-31'
        or business_day between ${scope.from} and ${scope.to})
      -- who is of no store is everybody's
      and (store = '' or (true ${inStores(reading, scope, 'store')}))
    order by path, partition, "offset" limit ${MAX_FOUND}`
  return rows.map(({ path, partition, offset, store, businessDay, reason }) => ({
    kind: 'cannot be digested',
    path,
    relation: `${path}.set_aside`,
    rowKey: { store, ...(businessDay !== null && { business_day: businessDay }), partition, offset },
    metric: 'row',
    stored: null,
    expected: '1',
    detail: `the ${path === 'log' ? 'archive' : `${path} path`} goes on without offset ${offset} of partition ${partition}: ${reason}`,
  }))
}

/** Stores that the log knows and the reference does not: of them there is no report, and none that waits. */
export const unknownStores: FindingSource = async (reading, scope) => {
  const rows = await reading<{ store: string; businessDay: string; events: number }[]>`
    select h.store, h.business_day as "businessDay", h.events from batch.day_head h
    where h.business_day between ${scope.from} and ${scope.to} ${inStores(reading, scope, 'h.store')}
      and not exists (select from ref.stores s where s.store = h.store)
    order by 1, 2 limit ${MAX_FOUND}`
  return rows.map(({ store, businessDay, events }) => ({
    kind: 'cannot be digested',
    path: 'batch',
    relation: 'ref.stores',
    rowKey: { store, business_day: businessDay },
    metric: 'row',
    stored: null,
    expected: '1',
    detail: `the log holds ${events} events of store ${store}, which is not known: add it with "npm run stores -- add FILE"`,
  }))
}
