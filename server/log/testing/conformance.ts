import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { LOG_START, type LogEvent } from '#domain/log-event.ts'
import { FencedError, type Ownership } from '#server/log/fence.ts'
import { assertDense, type LogRecord, type OrderLog, StaleReferenceError } from '#server/log/order-log.ts'
import { testEvent } from './events.ts'

/** What the suite needs of a log implementation under test: an empty log and its way of owning partitions. */
export interface LogUnderTest {
  log: OrderLog
  /** Of the reference data, as it is now. */
  revision: number
  /** Takes a partition for a consumer, as a new process would. */
  take(consumer: string, partition: number, owner: string): Promise<Ownership>
  /** Writes something under an ownership in one transaction; rejects with FencedError when the epoch is over. */
  writeUnder(ownership: Ownership): Promise<void>
  close(): Promise<void>
}

/** Of a database's reference data. */
export async function revisionOf(sql: Sql): Promise<number> {
  const [row] = await sql<{ revision: number }[]>`select revision from ref.reference_revision`
  return row?.revision ?? -1
}

/**
 * The tests any order log must pass, so that another one (Kafka) can be put behind the same interface:
 * order, density (or gaps, if it says so), duplicates, fencing, seek.
 */
export function describeOrderLog(name: string, open: () => Promise<LogUnderTest>): void {
  describe(name, () => {
    let under: LogUnderTest
    beforeAll(async () => {
      under = await open()
    })
    afterAll(async () => {
      await under.close()
    })

    async function readAll(partition: number, limit = 1_000): Promise<LogRecord[]> {
      const records: LogRecord[] = []
      for (let after = LOG_START; ; ) {
        const page = await under.log.read({ partition, after, limit })
        const last = page.at(-1)
        if (!last) return records
        records.push(...page)
        after = { offset: last.offset, appendedAt: last.appendedAt }
      }
    }

    const idsOf = (records: readonly LogRecord[]) =>
      records.map(record => ('id' in record ? record.id : record.type))

    test('an empty partition ends at its start and reads nothing', async () => {
      expect((await under.log.end())[0]).toEqual(LOG_START)
      expect(await under.log.read({ partition: 0, after: LOG_START, limit: 10 })).toEqual([])
    })

    test('events come back in the order they were appended, with all that consumers need', async () => {
      const events = ['a-1', 'a-2', 'a-3'].map(id => testEvent({ id, partition: 0 }))
      const { outcomes, appendedAt } = await under.log.append(0, events)
      const records = await under.log.read({ partition: 0, after: LOG_START, limit: 10 })
      expect(idsOf(records)).toEqual(['a-1', 'a-2', 'a-3'])
      expect(records.map(record => record.offset)).toEqual(
        outcomes.map(outcome => (outcome.kind === 'appended' ? outcome.offset : null)),
      )
      expect(records.every(record => record.appendedAt === appendedAt)).toBe(true)
      const [sent] = events
      expect(records[0]).toMatchObject({
        source: sent?.source,
        type: sent?.type,
        class: sent?.class,
        store: sent?.store,
        channel: sent?.channel,
        currency: sent?.currency,
        eventTime: sent?.eventTime,
        businessDay: sent?.businessDay,
        orderId: sent?.orderId,
        totalUnits: sent?.totalUnits,
        totalGross: sent?.totalGross,
        totalDiscounts: sent?.totalDiscounts,
        totalReturns: sent?.totalReturns,
        lines: { skus: sent?.lines?.skus, units: sent?.lines?.units, stocked: sent?.lines?.stocked },
      })
    })

    test('how a document was paid is read as it was said, by one tender or by several', async () => {
      const paid: LogEvent['details'][] = [
        { tenders: [{ type: 'cash', amount: null }] },
        { tenders: [{ type: 'card', amount: 102_000 }] },
        { session: 's-1', tenders: [{ type: 'cash', amount: null }] },
        {
          tenders: [
            { type: 'card', amount: 2_000 },
            { type: 'cash', amount: 100_000 },
          ],
        },
        { session: 's-2' },
        null,
      ]
      const ids = paid.map((_, index) => `paid-${index}`)
      await under.log.append(
        0,
        paid.map((details, index) => ({ ...testEvent({ id: ids[index] ?? '', partition: 0 }), details })),
      )
      const records = await readAll(0)
      expect(
        records.flatMap(record => ('id' in record && ids.includes(record.id) ? [record.details] : [])),
      ).toEqual(paid)
    })

    test('a known event is a duplicate in the same call, the next call and beside new ones', async () => {
      const [known, fresh] = [testEvent({ id: 'd-1', partition: 0 }), testEvent({ id: 'd-2', partition: 0 })]
      expect((await under.log.append(0, [known, known])).outcomes.map(({ kind }) => kind)).toEqual([
        'appended',
        'duplicate',
      ])
      expect((await under.log.append(0, [known, fresh, known])).outcomes.map(({ kind }) => kind)).toEqual([
        'duplicate',
        'appended',
        'duplicate',
      ])
    })

    test('a known key with another body is a conflict, in any partition; the first stands', async () => {
      const first = testEvent({ id: 'c-1', partition: 0 })
      const other = testEvent({ id: 'c-1', partition: 0, units: 9 })
      const moved = testEvent({ id: 'c-1', partition: 1, units: 9 })
      expect((await under.log.append(0, [first, other])).outcomes.map(({ kind }) => kind)).toEqual([
        'appended',
        'conflict',
      ])
      expect((await under.log.append(1, [moved])).outcomes).toEqual([{ kind: 'conflict' }])
      expect(idsOf(await readAll(1))).toEqual([])
    })

    test('what is appended together is known together: new, duplicate or conflict, each in its partition', async () => {
      const legs = (units: number) => [
        { partition: 1, events: [testEvent({ id: 't-1-in', partition: 1, units })] },
        { partition: 0, events: [testEvent({ id: 't-1-out', partition: 0, units })] },
      ]
      const kinds = async (units: number) =>
        (await under.log.appendTogether(legs(units))).map(({ outcomes }) => outcomes.map(({ kind }) => kind))
      expect(await kinds(2)).toEqual([['appended'], ['appended']])
      expect(await kinds(2)).toEqual([['duplicate'], ['duplicate']])
      expect(await kinds(3)).toEqual([['conflict'], ['conflict']])
      expect(idsOf(await readAll(1))).toEqual(['t-1-in'])
      expect(idsOf(await readAll(0)).at(-1)).toBe('t-1-out')
      expect(await under.log.appendTogether([{ partition: 2, events: [] }])).toMatchObject([{ outcomes: [] }])
    })

    test('what an older reference has enriched is refused whole, and by the one of now it is taken', async () => {
      const event = testEvent({ id: 'stale-1', partition: 1 })
      const legs = [0, 1].map(partition => ({
        partition,
        events: [testEvent({ id: `stale-${partition}-leg`, partition })],
      }))
      await expect(under.log.append(1, [event], under.revision - 1)).rejects.toThrow(StaleReferenceError)
      await expect(under.log.appendTogether(legs, under.revision - 1)).rejects.toThrow(StaleReferenceError)
      const held = [...idsOf(await readAll(0)), ...idsOf(await readAll(1))]
      expect(held.filter(id => id.startsWith('stale-'))).toEqual([])
      expect((await under.log.append(1, [event], under.revision)).outcomes).toMatchObject([
        { kind: 'appended' },
      ])
    })

    test('writers that append together in any direction stand whole, each id once', async () => {
      const transfer = (id: string, from: number, to: number, units: number) => [
        { partition: from, events: [testEvent({ id: `${id}-out`, partition: from, units })] },
        { partition: to, events: [testEvent({ id: `${id}-in`, partition: to, units })] },
      ]
      const before = (await Promise.all([0, 1, 2, 3].map(partition => readAll(partition)))).flat().length
      const all = await Promise.all(
        Array.from({ length: 60 }, async (_, index) => {
          const [from, to] = [index % 4, (index * 3 + 1 + (index % 2)) % 4]
          const target = from === to ? (to + 1) % 4 : to
          // Every id is used thrice, by other stores and with another body.
          const results = await under.log.appendTogether(
            transfer(`tt-${index % 20}`, from, target, 1 + index),
          )
          return results.flatMap(({ outcomes }) => outcomes.map(({ kind }) => kind))
        }),
      )
      for (const kinds of all) expect(new Set(kinds).size).toBe(1)
      expect(all.filter(([kind]) => kind === 'appended')).toHaveLength(20)
      const after = (await Promise.all([0, 1, 2, 3].map(partition => readAll(partition)))).flat().length
      expect(after - before).toBe(40)
    })

    test('offsets and append times never run backwards', async () => {
      for (let batch = 0; batch < 5; batch += 1) {
        await under.log.append(
          2,
          [0, 1, 2].map(index => testEvent({ id: `o-${batch}-${index}`, partition: 2 })),
        )
      }
      const records = await readAll(2, 4)
      if (under.log.offsets === 'dense') assertDense(records, LOG_START, 2)
      for (let index = 1; index < records.length; index += 1) {
        const [before, after] = [records[index - 1], records[index]]
        expect(after?.offset).toBeGreaterThan(before?.offset ?? Number.POSITIVE_INFINITY)
        expect(after?.appendedAt).toBeGreaterThanOrEqual(before?.appendedAt ?? Number.POSITIVE_INFINITY)
      }
      expect((await under.log.end())[2]).toEqual({
        offset: records.at(-1)?.offset,
        appendedAt: records.at(-1)?.appendedAt,
      })
    })

    test('reading stops at `through` and goes on where it stopped, at any page size', async () => {
      const whole = await readAll(2)
      for (const limit of [1, 2, 7]) expect(idsOf(await readAll(2, limit))).toEqual(idsOf(whole))
      const middle = whole[4]
      const head = await under.log.read({
        partition: 2,
        after: LOG_START,
        limit: 100,
        through: middle?.offset ?? 0,
      })
      expect(head.at(-1)?.offset).toBe(middle?.offset)
    })

    test('seeking to an offset reads from it; seeking to a time reads what was appended from then on', async () => {
      const whole = await readAll(2)
      for (const wanted of [whole[0], whole[3], whole.at(-1)]) {
        if (!wanted) throw new Error('the partition is empty')
        const byOffset = await under.log.seekToOffset(2, wanted.offset)
        expect((await under.log.read({ partition: 2, after: byOffset, limit: 1 }))[0]?.offset).toBe(
          wanted.offset,
        )
        const byTime = await under.log.seekToAppendTime(2, wanted.appendedAt)
        const [first] = await under.log.read({ partition: 2, after: byTime, limit: 1 })
        expect(first?.offset).toBe(whole.find(record => record.appendedAt >= wanted.appendedAt)?.offset)
      }
      const beyond = await under.log.seekToOffset(2, 1_000_000)
      expect(await under.log.read({ partition: 2, after: beyond, limit: 1 })).toEqual([])
    })

    test('a tick moves time in a quiet partition only, and is no event', async () => {
      const before = (await under.log.end())[2]
      expect(await under.log.appendTick(2, 60_000)).toBeNull()
      const offset = await under.log.appendTick(2, 0)
      expect(offset).toBeGreaterThan(before?.offset ?? Number.POSITIVE_INFINITY)
      const [record] = await under.log.read({ partition: 2, after: before ?? LOG_START, limit: 10 })
      expect(record?.type).toBe('tick')
    })

    test('texts come back as they were sent', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isIdentifier), {
            minLength: 1,
            maxLength: 5,
          }),
          fc.uuid(),
          async (skus, id) => {
            const event = testEvent({ id: `text-${id}-${skus.join('')}`, partition: 3, skus })
            const before = (await under.log.end())[3] ?? LOG_START
            await under.log.append(3, [event])
            const [record] = await under.log.read({ partition: 3, after: before, limit: 1 })
            expect(record && 'id' in record && [record.id, record.lines?.skus]).toEqual([event.id, skus])
          },
        ),
        { numRuns: 50 },
      )
    })

    test('who takes a partition fences the owner before', async () => {
      const first = await under.take('suite', 0, 'first')
      await under.writeUnder(first)
      const second = await under.take('suite', 0, 'second')
      expect(second.epoch).toBeGreaterThan(first.epoch)
      await expect(under.writeUnder(first)).rejects.toThrow(FencedError)
      await under.writeUnder(second)
    })

    test('consumers own partitions apart from each other', async () => {
      const mine = await under.take('suite-a', 1, 'me')
      await under.take('suite-b', 1, 'you')
      await under.writeUnder(mine)
    })
  })
}

// What the schema lets through as an identifier.
function isIdentifier(text: string): boolean {
  return /^\P{Cc}+$/u.test(text) && text.isWellFormed()
}
