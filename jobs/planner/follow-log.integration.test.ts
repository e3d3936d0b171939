import { expect, test } from 'vitest'
import type { LogEvent } from '#domain/log-event.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { followLog } from './follow-log.ts'

function sale(id: string, day: string): LogEvent[] {
  return toLogEvents(placed({ id, at: `${day}T10:00:00+01:00` }, [{ sku: 'tea', units: 1, unitPrice: '1' }]))
}

const DAYS = ['2026-03-02', '2026-03-03', '2026-03-04']
const EVENTS = Array.from({ length: 30 }, (_, index) => sale(`s-${index}`, DAYS[index % 3] ?? '')).flat()
const PARTITION = EVENTS[0]?.partition ?? 0

test('The planner notes, step by step, which stretch of the log every day lies in', async () => {
  const { sql, connect } = await createTestBatch()
  await appendTestEvents(sql, EVENTS.slice(0, 20))
  await followLog(connect(), { step: 7 })
  await appendTestEvents(sql, EVENTS.slice(20))
  await createPostgresLog(sql).appendTick(PARTITION, 0)
  const positions = await followLog(connect(), { step: 7 })
  expect(positions[PARTITION]?.offset).toBe(31)
  const heads = await sql`
    select business_day, first_offset, last_offset, events, bulk_events, documents, append_days from batch.day_head order by 1`
  const today = new Date().toISOString().slice(0, 10)
  expect(heads).toEqual(
    DAYS.map((business_day, index) => ({
      business_day,
      first_offset: index + 1,
      last_offset: 28 + index,
      events: 10,
      bulk_events: 0,
      documents: 10,
      append_days: [today],
    })),
  )
})

test('Planners that follow at the same time count every entry once', async () => {
  const { sql, connect } = await createTestBatch()
  await appendTestEvents(sql, EVENTS)
  await Promise.all([connect(), connect(), connect()].map(client => followLog(client, { step: 4 })))
  const [row] = await sql`select sum(events) as events from batch.day_head`
  expect(row?.events).toBe('30')
})

test('A hole in the log halts the planner: it names partition and offsets', async () => {
  const { sql, connect } = await createTestBatch()
  await appendTestEvents(sql, EVENTS)
  await sql`delete from log.event_log where "offset" = 17`
  await expect(followLog(connect())).rejects.toThrow(
    `partition ${PARTITION}: 29 entries lie between offsets 0 and 30, expected 30: the log has a hole or a double`,
  )
  const [row] = await sql`select count(*) as heads from batch.day_head`
  expect(row?.heads).toBe(0)
})

test('Offsets of Kafka have gaps: what the archive holds is followed as it is', async () => {
  const { sql, connect } = await createTestBatch()
  await appendTestEvents(sql, EVENTS)
  await sql`insert into log.kafka (topic, cluster_id) values ('orders', 'c')`
  await sql`update log.event_log set "offset" = "offset" * 3`
  const positions = await followLog(connect(), { step: 7 })
  expect(positions[PARTITION]?.offset).toBe(90)
  const [row] = await sql`select sum(events) as events from batch.day_head`
  expect(row?.events).toBe('30')
})
