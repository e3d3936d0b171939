import { expect, test } from 'vitest'
import { MINUTE_MS } from '#domain/instant.ts'
import type { Alert } from '#domain/operators/alert.ts'
import { shopsOf } from '#seed/world/stores.ts'
import { judgeAlerts, outagesOf } from './judge.ts'
import type { Entry } from './plant-into.ts'
import type { Plant } from './plants.ts'

const NOON = Date.UTC(2026, 10, 20, 12)
const [shop, other] = shopsOf(2)
if (!shop || !other) throw new Error('a world has stores')

const plant = (fields: Partial<Plant>): Plant => ({
  kind: 'silent till',
  shop,
  register: 'till-1',
  from: NOON,
  to: NOON + 60 * MINUTE_MS,
  documents: 0,
  ...fields,
})

function raised(fields: Partial<Alert>, after = 30) {
  const openedAt = NOON + after * MINUTE_MS
  const alert = {
    kind: 'silence',
    rule: 'till_silent',
    store: shop?.id,
    subject: 'till-1',
    openedAt,
    receipts: [],
  }
  return { alert: { ...alert, ...fields } as unknown as Alert, raisedAt: openedAt + MINUTE_MS }
}

const judge = (
  alerts: ReturnType<typeof raised>[],
  plants: Plant[],
  outages: ReturnType<typeof outagesOf> = [],
) => judgeAlerts(alerts, { plants, outages, from: NOON - MINUTE_MS })

test('an alert is right when it tells of what was planted, of that store, till and time; the first one counts', () => {
  const alerts = [
    raised({}),
    raised({}, 50),
    raised({ subject: 'till-2' }),
    raised({ store: other.id }),
    raised({}, 91),
    // Before anything is judged.
    raised({}, -10),
  ]
  expect(judge(alerts, [plant({})]).get('till_silent')).toEqual({
    alerts: 5,
    rightly: 2,
    planted: 1,
    found: 1,
    minutes: [31],
  })
})

test('what a silent till does to its store may be said too, and finds nothing', () => {
  const records = judge([raised({ rule: 'store_pace', kind: 'pace', subject: '' })], [plant({})])
  expect(records.get('store_pace')).toMatchObject({ alerts: 1, rightly: 1, planted: 0 })
  expect(records.get('till_silent')).toMatchObject({ alerts: 0, planted: 1, found: 0 })
})

test('an alert of fraud is right by its receipts: another burst at the same time is none of what was planted', () => {
  const receipt = (id: string) => ({ id }) as Alert['receipts'][number]
  const fraud = (id: string) => raised({ kind: 'fraud', rule: 'card_velocity', receipts: [receipt(id)] })
  const burst = plant({ kind: 'card burst' })
  expect(judge([fraud('planted-1')], [burst]).get('card_velocity')).toMatchObject({ rightly: 1, found: 1 })
  expect(judge([fraud('h-1')], [burst]).get('card_velocity')).toMatchObject({ rightly: 0, found: 0 })
})

test('who says that a till is silent while its line is down is right', () => {
  const event = { class: 'live', store: shop.id, source: 'pos', businessDay: '2026-11-20', eventTime: NOON }
  const late = (minutes: number) =>
    [{ event, appendedAt: NOON + minutes * MINUTE_MS }] as unknown as readonly Entry[]
  expect(outagesOf(late(5))).toEqual([])
  expect(judge([raised({})], [], outagesOf(late(40))).get('till_silent')).toMatchObject({ rightly: 1 })
  expect(judge([raised({})], [], outagesOf(late(5))).get('till_silent')).toMatchObject({ rightly: 0 })
})
