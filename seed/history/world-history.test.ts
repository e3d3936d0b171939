import { execFile as execFileByCallback } from 'node:child_process'
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { businessDayOf } from '#domain/business-day.ts'
import { parseEvent } from '#domain/event.ts'
import { HOUR_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { inheritedEnvironment, projectRoot } from '#server/environment.ts'
import { createWorld } from '../world/world.ts'
import { ofType, type PlayedHistory, playHistory } from './test-history.ts'
import { enrichedHistory, worldHistory } from './world-history.ts'

const execFile = promisify(execFileByCallback)

// Across the end of summer time in Europe and America, to an hour at which every store has opened its day.
const SPAN = { days: 9, until: Date.UTC(2026, 10, 2, 15) }
const PARAMETERS = { randomSeed: 5, stores: 8, ordersPerDay: 320 }

function digestOf(parameters: typeof PARAMETERS, span = SPAN): string {
  const hash = createHash('sha256')
  for (const arrival of worldHistory(createWorld(parameters), span)) hash.update(JSON.stringify(arrival))
  return hash.digest('hex')
}

describe('a seeded history', () => {
  let history: PlayedHistory
  let logged: { event: LogEvent; appendedAt: number }[]
  beforeAll(() => {
    history = playHistory(PARAMETERS, SPAN)
    logged = [...enrichedHistory(history.world, SPAN)]
  })

  test('is the same byte for byte with the same arguments, and another with others', () => {
    expect(digestOf(PARAMETERS)).toBe(digestOf(PARAMETERS))
    expect(digestOf({ ...PARAMETERS, randomSeed: 6 })).not.toBe(digestOf(PARAMETERS))
    expect(digestOf(PARAMETERS, { ...SPAN, until: SPAN.until - HOUR_MS })).not.toBe(digestOf(PARAMETERS))
  })

  test('is the same in any zone and language of the machine', async () => {
    const program = `
      const { createHash } = await import('node:crypto')
      const { createWorld } = await import('#seed/world/world.ts')
      const { worldHistory } = await import('#seed/history/world-history.ts')
      const hash = createHash('sha256')
      for (const arrival of worldHistory(createWorld(${JSON.stringify(PARAMETERS)}), ${JSON.stringify(SPAN)})) {
        hash.update(JSON.stringify(arrival))
      }
      console.log(hash.digest('hex'))`
    const digestIn = async (TZ: string, LANG: string) => {
      const { stdout } = await execFile(process.execPath, ['--input-type=module', '--eval', program], {
        cwd: projectRoot,
        env: inheritedEnvironment({ TZ, LANG, LC_ALL: LANG }),
      })
      return stdout.trim()
    }
    const digests = await Promise.all([digestIn('Pacific/Apia', 'tr_TR.UTF-8'), digestIn('UTC', 'C')])
    expect(digests).toEqual([digestOf(PARAMETERS), digestOf(PARAMETERS)])
  })

  test('holds only events that the intake takes', () => {
    for (const event of history.events) expect(parseEvent(event)).toHaveProperty('event')
    expect(logged.length).toBe(history.arrivals.length)
  })

  test('gives every event an id of its own', () => {
    const { events } = history
    expect(new Set(events.map(event => `${event.source}/${event.id}`)).size).toBe(events.length)
  })

  test('arrives in order, nothing before it happened and nothing after the end', () => {
    let before = 0
    for (const { event, appendedAt } of logged) {
      expect(appendedAt).toBeGreaterThanOrEqual(before)
      expect(appendedAt).toBeGreaterThanOrEqual(event.eventTime)
      expect(appendedAt).toBeLessThanOrEqual(SPAN.until)
      before = appendedAt
    }
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
    const decimals = new Set(lines.map(({ unitPrice }) => unitPrice.split('.')[1]?.length))
    expect(decimals).toEqual(new Set([2, 3, 4]))
    expect(lines.some(({ discount }) => discount !== undefined)).toBe(true)
    expect(lines.some(({ tax }) => tax !== undefined)).toBe(true)
    expect(orders.some(({ tenders }) => tenders?.length === 2)).toBe(true)
  })
})
