import { execFile as execFileByCallback } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { businessDayOf } from '#domain/business-day.ts'
import { parseEvent } from '#domain/event.ts'
import { HOUR_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { ofType, type PlayedHistory, playHistory } from '#seed/testing/history.ts'
import { enrichedHistory } from './world-history.ts'

const execFile = promisify(execFileByCallback)

// Across the end of summer time in Europe and America, to an hour at which every store has opened its day.
const SPAN = { days: 9, until: Date.UTC(2026, 10, 2, 15) }
const PARAMETERS = { randomSeed: 5, stores: 8, ordersPerDay: 640 }

// Enough for every kind of event.
const SHORT = { days: 3, until: Date.UTC(2026, 9, 27, 15) }

function digestOf(parameters: typeof PARAMETERS, span = SHORT): string {
  const { arrivals, end } = playHistory(parameters, span)
  return createHash('sha256')
    .update(JSON.stringify([arrivals, end]))
    .digest('hex')
}

describe('a seeded history', () => {
  let history: PlayedHistory
  let logged: { event: LogEvent; appendedAt: number }[]
  beforeAll(() => {
    history = playHistory(PARAMETERS, SPAN)
    logged = [...enrichedHistory(history.world, SPAN)]
  })

  test('is the same byte for byte with the same arguments, and another with others', () => {
    const digest = digestOf(PARAMETERS)
    expect(digestOf(PARAMETERS)).toBe(digest)
    expect(digestOf({ ...PARAMETERS, randomSeed: 6 })).not.toBe(digest)
    expect(digestOf(PARAMETERS, { ...SHORT, until: SHORT.until - HOUR_MS })).not.toBe(digest)
  })

  test('is the same in any zone and language of the machine', async () => {
    const program = `
      import { createHash } from 'node:crypto'
      import { playHistory } from '#seed/testing/history.ts'
      const { arrivals, end } = playHistory(${JSON.stringify(PARAMETERS)}, ${JSON.stringify(SHORT)})
      console.log(createHash('sha256').update(JSON.stringify([arrivals, end])).digest('hex'))`
    const digestIn = async (TZ: string, LANG: string) => {
      const { stdout } = await execFile(process.execPath, ['--input-type=module', '--eval', program], {
        cwd: projectRoot,
        env: inheritedEnvironment({ TZ, LANG, LC_ALL: LANG }),
      })
      return stdout.trim()
    }
    const digests = await Promise.all([digestIn('Pacific/Apia', 'tr_TR.UTF-8'), digestIn('UTC', 'C')])
    expect(new Set([...digests, digestOf(PARAMETERS)]).size).toBe(1)
  })

  test('holds only events that the intake takes', () => {
    expect(history.events.filter(event => 'rejection' in parseEvent(event))).toEqual([])
    const transfers = ofType(history.events, 'stock.transferred').length
    // A transfer is one event that is sent, and two in the log.
    expect(logged.length).toBe(history.arrivals.length + transfers)
  })

  test('gives every event an id of its own', () => {
    const { events } = history
    expect(new Set(events.map(event => `${event.source}/${event.id}`)).size).toBe(events.length)
  })

  test('arrives in order, nothing before it happened and nothing after the end', () => {
    let before = 0
    const wrong = logged.filter(({ event, appendedAt }) => {
      const isRight = appendedAt >= before && appendedAt >= event.eventTime && appendedAt <= SPAN.until
      before = appendedAt
      return !isRight
    })
    expect(wrong).toEqual([])
  })

  test('is nearly all on time, and some of it late', () => {
    const delays = logged.flatMap(({ event, appendedAt }) =>
      event.class === 'live' ? [appendedAt - event.eventTime] : [],
    )
    const late = delays.filter(delay => delay > 30_000).length
    expect(late).toBeGreaterThan(0)
    expect(late / delays.length).toBeLessThan(0.03)
    expect(Math.max(...delays)).toBeLessThan(2 * HOUR_MS)
  })

  test('covers the days that were asked for, in each store by its own calendar', () => {
    for (const shop of history.world.shops) {
      const days = new Set(
        ofType(history.events, 'order.placed').flatMap(({ store, eventTime }) =>
          store === shop.id ? [businessDayOf(Date.parse(eventTime), shop)] : [],
        ),
      )
      const today = businessDayOf(SPAN.until, shop)
      expect([...days].sort().at(-1), shop.id).toBe(today)
      expect(days.size, shop.id).toBe(SPAN.days + 1)
    }
  })

  test('has about as many orders as were asked for', () => {
    const orders = ofType(history.events, 'order.placed').length
    expect(orders / SPAN.days / PARAMETERS.ordersPerDay).toBeGreaterThan(0.85)
    expect(orders / SPAN.days / PARAMETERS.ordersPerDay).toBeLessThan(1.25)
  })

  test('has prices of two to four decimals, discounts, taxes and split payments', () => {
    const orders = ofType(history.events, 'order.placed')
    const lines = orders.flatMap(({ lines }) => lines)
    const decimals = new Set(lines.map(({ unitPrice }) => unitPrice?.split('.')[1]?.length))
    expect(decimals).toEqual(new Set([2, 3, 4]))
    expect(lines.some(({ discount }) => discount !== undefined)).toBe(true)
    expect(lines.some(({ tax }) => tax !== undefined)).toBe(true)
    expect(orders.some(({ tenders }) => tenders?.length === 2)).toBe(true)
  })
})
