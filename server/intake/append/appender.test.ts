import { expect, test } from 'vitest'
import { partId } from '#domain/derived-id.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { EXAMPLE_STORES, EXAMPLE_STORES_BY_ID } from '#domain/testing/stores.ts'
import { type Admission, admit } from '#server/intake/admit.ts'
import { refused } from '#server/intake/outcome.ts'
import type { ReferenceData } from '#server/intake/stores/reference.ts'
import { type AppendOutcome, LogUnavailableError, StaleReferenceError } from '#server/log/order-log.ts'
import { type AppendingLog, createAppender } from './appender.ts'

const NOW = Date.parse('2026-11-20T10:16:00Z')
const COUNT = { source: 'till', type: 'stock.counted', store: 'berlin', eventTime: '2026-11-20T10:15:30Z' }

const REFERENCE: ReferenceData = { revision: 1, stores: EXAMPLE_STORES_BY_ID, nonStockSkus: new Set() }

function admitted(fields: Record<string, unknown>): Admission {
  const value = { ...COUNT, lines: [{ sku: 'tea', units: 1 }], ...fields }
  const admission = admit({ value }, { reference: REFERENCE, now: NOW, class: 'live' })
  if (admission.kind !== 'admitted') throw new Error(admission.rejection.detail)
  return admission
}

/** Nobody changes the reference data of these tests. */
const newestReference = () => Promise.reject(new Error('the log has refused nothing as stale'))

/** Appends through a log that says of each event what the test wants: an outcome, or an error for its batch. */
function appendTo(judge: (event: LogEvent) => AppendOutcome | Error, admissions: readonly Admission[]) {
  const log: AppendingLog = {
    async append(_, events) {
      const outcomes = events.map(event => {
        const outcome = judge(event)
        if (outcome instanceof Error) throw outcome
        return outcome
      })
      return { appendedAt: NOW, outcomes }
    },
    appendTogether: groups =>
      Promise.all(groups.map(({ partition, events }) => log.append(partition, events))),
  }
  const most = { events: 100, bytes: 1_000_000 }
  const options = {
    partitionCount: 4,
    maxBatch: most,
    maxPending: most,
    onAppended: () => {},
    newestReference,
  }
  return createAppender({ log, ...options }).append(admissions, 1_000)
}

function databaseError(code: string, message: string, more: Record<string, string> = {}): Error {
  return Object.assign(new Error(message), { code, ...more })
}

const TRANSFER = admitted({ id: 't', type: 'stock.transferred', toStore: 'new-york' })

test('what was refused before keeps its place among what is appended', async () => {
  const bad = refused({ reason: 'invalid_json', detail: 'no' })
  const outcomes = await appendTo(
    ({ id }) => (id === '2' ? { kind: 'duplicate' } : { kind: 'appended', offset: 7 }),
    [admitted({ id: '1' }), bad, admitted({ id: '2' })],
  )
  expect(outcomes).toEqual([
    { kind: 'appended', entries: [{ partition: expect.any(Number), offset: 7 }] },
    bad,
    { kind: 'duplicate' },
  ])
})

test.each<[string, AppendOutcome, AppendOutcome, unknown]>([
  [
    'both new: appended, with two places',
    { kind: 'appended', offset: 1 },
    { kind: 'appended', offset: 2 },
    { kind: 'appended', entries: [{ offset: 1 }, { offset: 2 }] },
  ],
  [
    'one known, as an older version may have left it: appended, with the new one',
    { kind: 'duplicate' },
    { kind: 'appended', offset: 2 },
    { kind: 'appended', entries: [{ offset: 2 }] },
  ],
  [
    'one of another content: a conflict',
    { kind: 'conflict' },
    { kind: 'duplicate' },
    { kind: 'conflict', rejection: { reason: 'conflicting_duplicate' } },
  ],
])('the two legs of a transfer, %s', async (_, out, into, outcome) => {
  const outcomes = await appendTo(({ id }) => (id === partId('t', 'out') ? out : into), [TRANSFER])
  expect(outcomes).toMatchObject([outcome])
})

test.each([
  ['in one partition', 'berlin'],
  ['in two', 'new-york'],
])('no leg of a transfer is appended without the other, %s', async (_, toStore) => {
  const calls: string[][] = []
  const log: AppendingLog = {
    async append(_, events) {
      calls.push(events.map(({ id }) => id))
      if (events.some(({ id }) => id === partId('2', 'in'))) throw databaseError('22003', 'out of range')
      return { appendedAt: NOW, outcomes: events.map(() => ({ kind: 'appended', offset: 1 })) }
    },
    async appendTogether(groups) {
      const events = groups.flatMap(group => group.events)
      const { outcomes } = await log.append(0, events)
      return groups.map(group => ({
        appendedAt: NOW,
        outcomes: group.events.map(event => outcomes[events.indexOf(event)] ?? { kind: 'conflict' }),
      }))
    },
  }
  const most = { events: 100, bytes: 1_000_000 }
  const appender = createAppender({
    log,
    partitionCount: 4,
    maxBatch: most,
    maxPending: most,
    onAppended: () => {},
    newestReference,
  })
  const transfers = ['1', '2', '3'].map(id => admitted({ id, type: 'stock.transferred', toStore }))
  expect(await appender.append(transfers, 1_000)).toMatchObject([
    { kind: 'appended' },
    { kind: 'refused' },
    { kind: 'appended' },
  ])
  for (const ids of calls)
    for (const id of ['1', '2', '3'])
      expect(ids.includes(partId(id, 'out'))).toBe(ids.includes(partId(id, 'in')))
})

test('an event that the log cannot hold is refused alone', async () => {
  const outcomes = await appendTo(
    ({ id }) =>
      id === '2' ? databaseError('22003', 'out of range') : { kind: 'appended', offset: Number(id) },
    ['1', '2', '3'].map(id => admitted({ id })),
  )
  expect(outcomes).toMatchObject([
    { kind: 'appended' },
    { kind: 'refused', rejection: { reason: 'invalid_field', detail: 'the log refused it: out of range' } },
    { kind: 'appended' },
  ])
})

test('a day of the log without a table is never the fault of an event: the sender comes again', async () => {
  const table = { schema_name: 'log', table_name: 'event_log' }
  const missing = databaseError('23514', 'no partition of relation "event_log" found for row', table)
  await expect(appendTo(() => missing, [admitted({ id: '1' })])).rejects.toThrow(LogUnavailableError)
  const check = databaseError('23514', 'violates check constraint "x"', { ...table, constraint_name: 'x' })
  expect(await appendTo(() => check, [admitted({ id: '1' })])).toMatchObject([{ kind: 'refused' }])
})

test('what a change of a store has overtaken is enriched again, and senders notice nothing', async () => {
  const [berlin] = EXAMPLE_STORES
  if (!berlin) throw new Error('there is no store')
  const moved = { ...berlin, versions: [{ ...berlin, cutOverHour: 23 }] }
  const newest = { ...REFERENCE, revision: 3, stores: new Map([[berlin.id, moved]]) }
  const stored: [number | undefined, LogEvent[]][] = []
  const log: AppendingLog = {
    async append(_, events, revision) {
      if (revision !== newest.revision) throw new StaleReferenceError('changed')
      stored.push([revision, [...events]])
      return { appendedAt: NOW, outcomes: events.map((_, offset) => ({ kind: 'appended', offset })) }
    },
    appendTogether: () => Promise.reject(new Error('there is no transfer')),
  }
  const most = { events: 100, bytes: 1_000_000 }
  const appender = createAppender({
    ...{ log, partitionCount: 4, maxBatch: most, maxPending: most, onAppended: () => {} },
    newestReference: async () => newest,
  })
  const outcomes = await appender.append([admitted({ id: '1' }), admitted({ id: '2' })], 1_000)
  expect(outcomes).toMatchObject([{ kind: 'appended' }, { kind: 'appended' }])
  // 11:15 in Berlin lies before a cut-over at 23.
  expect(stored.map(([revision, events]) => [revision, events.map(event => event.businessDay)])).toEqual([
    [3, ['2026-11-19', '2026-11-19']],
  ])
})

test('a reference that changes with every try is a log that is not available', async () => {
  const log: AppendingLog = {
    append: () => Promise.reject(new StaleReferenceError('changed')),
    appendTogether: () => Promise.reject(new StaleReferenceError('changed')),
  }
  const most = { events: 100, bytes: 1_000_000 }
  const appender = createAppender({
    ...{ log, partitionCount: 4, maxBatch: most, maxPending: most, onAppended: () => {} },
    newestReference: async () => REFERENCE,
  })
  await expect(appender.append([admitted({ id: '1' })], 1_000)).rejects.toThrow(LogUnavailableError)
})
