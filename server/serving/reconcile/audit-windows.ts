import type { Reading } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { entryTimeOf, PartitionWatermark } from '#domain/watermark.ts'
import { classifyArrival, windowStartOf } from '#domain/window.ts'
import { inStores } from '#server/serving/scope.ts'
import {
  compareRows,
  type FoundColumns,
  found,
  isCounted,
  MAX_FOUND,
  SALES_COUNTS,
  SALES_MONEY,
  salesOf,
  salesSums,
} from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/** Every window against the log up to the stream's checkpoint. What was late is the audit below. */
export async function auditWindows(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with sales as (${salesOf(reading, scope, 'stream', generation)}),
    expected as (
      select e.store, date_trunc('minute', e.event_time) as window_start, e.channel, e.currency,
        e.business_day, e.partition, ${salesSums(reading)},
        count(*) filter (where e.class = 'bulk') as bulk_events, max(e."offset") as last_offset
      from sales e
      join stream.checkpoints c on c.generation = ${generation} and c.partition = e.partition
        and e."offset" <= c."offset"
      group by 1, 2, 3, 4, 5, 6
    ),
    stored as (
      select * from stream.windows w
      where w.generation = ${generation} and w.business_day between ${scope.from} and ${scope.to}
        ${inStores(reading, scope, 'w.store')}
    )
    ${compareRows(reading, {
      key: ['store', 'window_start', 'channel', 'currency', 'business_day', 'partition'],
      counts: [...SALES_COUNTS, 'bulk_events', 'last_offset'],
      money: SALES_MONEY,
    })}`
  return found('stream', 'stream.windows', rows)
}

const ENTRIES_PER_READ = 10_000

interface Entry {
  appendedAt: Instant
  eventTime: Instant
  class: 'live' | 'bulk' | 'tick'
  source: string
  /** Null for what is no sale. */
  store: string | null
  channel: string | null
  currency: string | null
  businessDay: BusinessDay | null
  net: number
}

interface Late {
  net: bigint
  events: bigint
}

interface StoredWindow {
  store: string
  windowStart: Instant
  channel: string
  currency: string
  lateNet: string
  revision: string
}

/**
 * What was late, of every window of the scope: the watermark is taken through each partition's log again,
 * from its first entry, since nothing less decides it.
 */
export async function auditLateness(
  reading: Reading,
  scope: AuditScope,
  generation: number,
): Promise<FoundRow[]> {
  const partitions = await reading<{ partition: number; through: number }[]>`
    select partition, "offset" as through from stream.checkpoints c
    where generation = ${generation} and exists (
      select from ref.stores s where s.partition = c.partition ${inStores(reading, scope, 's.store')})`
  const expected = new Map<string, Late>()
  for (const place of partitions) await addLate(reading, { ...place, generation, scope, late: expected })
  const found: FoundRow[] = []
  const stored = reading<StoredWindow[]>`
    select store, window_start as "windowStart", channel, currency, late_net::text as "lateNet",
      revision::text as revision
    from stream.windows w
    where generation = ${generation} and business_day between ${scope.from} and ${scope.to}
      ${inStores(reading, scope, 'w.store')}
    order by store, window_start, channel, currency`.cursor(ENTRIES_PER_READ)
  // A year of twenty stores has more windows than fit in memory.
  for await (const windows of stored) {
    for (const window of windows) found.push(...judgeWindow(window, expected.get(windowKey(window))))
    if (found.length >= MAX_FOUND) break
  }
  return found.slice(0, MAX_FOUND)
}

async function addLate(
  reading: Reading,
  request: {
    generation: number
    partition: number
    through: number
    scope: AuditScope
    late: Map<string, Late>
  },
): Promise<void> {
  const { generation, partition, through, scope, late } = request
  const watermark = new PartitionWatermark()
  const wanted = new Set(scope.stores)
  const entries = reading<Entry[]>`
    select e.appended_at as "appendedAt", e.event_time as "eventTime", e.class, e.source,
      case when e.type in ('order.placed', 'order.voided', 'order.returned') then e.store end as store,
      e.channel, e.currency, e.business_day as "businessDay",
      case e.type when 'order.placed' then e.total_gross - e.total_discounts
        when 'order.voided' then e.total_discounts - e.total_gross else -e.total_returns end as net
    from log.event_log e
    where e.partition = ${partition} and e."offset" <= ${through} and ${isCounted(reading, 'stream', generation)}
    order by e.appended_at, e."offset"`.cursor(ENTRIES_PER_READ)
  for await (const batch of entries) {
    for (const entry of batch) {
      const before = watermark.advance(entryTimeOf(entry))
      const { store, channel, currency, businessDay, eventTime } = entry
      if (entry.class !== 'live' || store === null || channel === null || currency === null) continue
      if (classifyArrival(eventTime, before) === 'on-time') continue
      if (businessDay === null || businessDay < scope.from || businessDay > scope.to) continue
      if (wanted.size > 0 && !wanted.has(store)) continue
      const key = windowKey({ store, windowStart: windowStartOf(eventTime), channel, currency })
      const known = late.get(key) ?? { net: 0n, events: 0n }
      late.set(key, { net: known.net + BigInt(entry.net), events: known.events + 1n })
    }
  }
}

function judgeWindow(window: StoredWindow, late: Late = { net: 0n, events: 0n }): FoundRow[] {
  const { store, windowStart, channel, currency, lateNet, revision } = window
  const row = {
    kind: 'audit row' as const,
    path: 'stream' as const,
    relation: 'stream.windows',
    rowKey: { store, window_start: formatInstant(windowStart), channel, currency },
    detail: null,
  }
  const found: FoundRow[] = []
  if (BigInt(lateNet) !== late.net) {
    found.push({
      ...row,
      metric: 'late_net',
      stored: formatAmount(lateNet),
      expected: formatAmount(late.net),
    })
  }
  if (BigInt(revision) !== late.events) {
    found.push({ ...row, metric: 'revision', stored: revision, expected: late.events.toString() })
  }
  return found
}

function windowKey(window: Pick<StoredWindow, 'store' | 'windowStart' | 'channel' | 'currency'>): string {
  return `${window.store}\u001f${window.windowStart}\u001f${window.channel}\u001f${window.currency}`
}
