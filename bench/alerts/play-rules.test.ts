import { beforeAll, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS } from '#domain/instant.ts'
import { storeSilent } from '#domain/rules/store-silent.ts'
import { cardVelocity } from '#domain/rules/velocity.ts'
import { enrichedHistory } from '#seed/history/world-history.ts'
import { createRandom } from '#seed/world/random.ts'
import { createWorld } from '#seed/world/world.ts'
import { judgeAlerts } from './judge.ts'
import { type Entry, plantInto } from './plant-into.ts'
import type { Plant } from './plants.ts'
import { playRules } from './play-rules.ts'

const UNTIL = Date.UTC(2026, 10, 20, 22)
const world = createWorld({ randomSeed: 7, stores: 1, ordersPerDay: 400 })
const [shop] = world.shops
if (!shop) throw new Error('a world has a store')

/** Two weeks to learn from, and some days. */
let entries: Entry[]
beforeAll(() => {
  entries = [...enrichedHistory(world, { days: 17, until: UNTIL })]
})
const plant = (kind: Plant['kind'], from: number, to: number): Plant => ({
  kind,
  shop,
  register: 'till-1',
  from,
  to,
  documents: 8,
})
const plants = [
  plant('card burst', UNTIL - 2 * DAY_MS - 9 * HOUR_MS, UNTIL - 2 * DAY_MS - 8.9 * HOUR_MS),
  plant('silent store', UNTIL - DAY_MS - 9 * HOUR_MS, UNTIL - DAY_MS - 6 * HOUR_MS),
]

const rules = [cardVelocity, storeSilent]
const play = (planted: readonly Plant[]) =>
  playRules(plantInto(entries, { plants: planted, random: createRandom(1, 'plants') }), {
    rules,
    shops: [shop],
  })

test('what is planted comes in order among the rest, and what is silenced is gone', () => {
  const planted = [...plantInto(entries, { plants, random: createRandom(1, 'plants') })]
  expect(planted.every(({ appendedAt }, index) => appendedAt >= (planted[index - 1]?.appendedAt ?? 0))).toBe(
    true,
  )
  const ids = planted.map(({ event }) => `${event.source}/${event.id}`)
  expect(new Set(ids).size).toBe(ids.length)
  expect(planted.filter(({ event }) => event.id.startsWith('planted-')).length).toBe(8)
  const [, silent] = plants
  const within = planted.filter(
    ({ event }) =>
      event.class === 'live' && event.eventTime >= (silent?.from ?? 0) && event.eventTime < (silent?.to ?? 0),
  )
  expect(within).toEqual([])
})

test('rules find what was planted, with the habits of the weeks before, and nothing on the same days without it', () => {
  const records = judgeAlerts(play(plants), { plants, outages: [], from: 0 })
  expect(records.get('card_velocity')).toMatchObject({ alerts: 1, rightly: 1, planted: 1, found: 1 })
  expect(records.get('store_silent')).toMatchObject({ alerts: 1, rightly: 1, planted: 1, found: 1 })
  // Ten orders of some forty an hour.
  expect(records.get('store_silent')?.minutes[0]).toBeLessThan(40)
  expect(play([])).toEqual([])
})
