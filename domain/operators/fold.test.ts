import { expect, test } from 'vitest'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { storeSilent } from '#domain/rules/store-silent.ts'
import { cardVelocity } from '#domain/rules/velocity.ts'
import { hasExpired, type KeptState, type Operators } from './fold.ts'
import type { OperatorReference } from './reference.ts'
import { foldOperators, NO_HABITS, order, tick } from './testing/fold-operators.ts'

const NOON = Date.parse('2026-11-20T12:00:00Z')
const at = (minutes: number): Instant => NOON + minutes * MINUTE_MS

/** One order a minute, whatever the store and the hour. */
const habits: OperatorReference = {
  ...NO_HABITS,
  expectedOrders: (_, from, to) => (to - from) / MINUTE_MS,
}
const only = (operators: Partial<Operators>): Operators => ({
  rules: [],
  metrics: [],
  sessions: [],
  ...operators,
})
const card = (minutes: number, cardToken = 'c-1') => order(at(minutes), { details: { cardToken } })

test('four orders with one card in ten minutes raise one alert, which the fifth amends', () => {
  const records = [card(0), card(2), card(4, 'c-2'), card(5), card(9), card(10)]
  const { alerts } = foldOperators(records, { operators: only({ rules: [cardVelocity] }), reference: habits })
  expect(alerts.map(({ alertId, state, summary }) => [alertId, state, summary])).toEqual([
    ['card_velocity/berlin/c-1@0-5', 'open', '5 orders with card c-1 within 10 minutes'],
  ])
  expect(alerts[0]?.receipts.map(({ eventTime }) => eventTime)).toEqual([0, 2, 5, 9, 10].map(at))
})

test('orders that lie further apart than the window raise none', () => {
  const records = [0, 4, 8, 12, 16, 20].map(minutes => card(minutes))
  const { alerts } = foldOperators(records, { operators: only({ rules: [cardVelocity] }), reference: habits })
  expect(alerts).toEqual([])
})

test('once the window has passed, the same card raises another alert', () => {
  const burst = (from: number) => [0, 1, 2, 3].map(minutes => card(from + minutes))
  const records = [...burst(0), order(at(60)), ...burst(61)]
  const { alerts } = foldOperators(records, { operators: only({ rules: [cardVelocity] }), reference: habits })
  expect(alerts.map(alert => alert.openedAt)).toEqual([at(3), at(64)])
})

test('parameters are those of the version that holds at the time of the event', () => {
  const stricter: OperatorReference = {
    ...habits,
    ruleAt: (_, time) =>
      time < at(30) ? null : { version: 2, validFrom: at(30), isOn: true, parameters: { orders: 2 } },
  }
  const records = [card(0), card(1), card(40), card(41)]
  const { alerts } = foldOperators(records, {
    operators: only({ rules: [cardVelocity] }),
    reference: stricter,
  })
  expect(alerts.map(({ openedAt, ruleVersion }) => [openedAt, ruleVersion])).toEqual([[at(41), 2]])
})

test('a rule that is switched off judges nothing', () => {
  const off: OperatorReference = {
    ...habits,
    ruleAt: () => ({ version: 2, validFrom: 0, isOn: false, parameters: {} }),
  }
  const records = [0, 1, 2, 3].map(minutes => card(minutes))
  const { alerts } = foldOperators(records, { operators: only({ rules: [cardVelocity] }), reference: off })
  expect(alerts).toEqual([])
})

test('a store of which orders were to be expected is silent once time has passed, until it sells again', () => {
  const quiet = [1, 5, 10, 14, 15, 20].map(minutes => tick(at(minutes)))
  const records = [order(at(0)), ...quiet, order(at(25))]
  const silent = foldOperators(records.slice(0, -1), {
    operators: only({ rules: [storeSilent] }),
    reference: habits,
  })
  // Ticks stand a minute before the watermark: twelve orders were due at 12:12, and 12:13 was the next look past it.
  expect(silent.alerts.map(({ state, openedAt }) => [state, openedAt])).toEqual([['open', at(13)]])
  const { alerts } = foldOperators(records, { operators: only({ rules: [storeSilent] }), reference: habits })
  expect(alerts.map(({ state }) => state)).toEqual(['resolved'])
})

test('a store that sends a file at close is never silent before it', () => {
  const byFile = { ...habits, isLive: () => false }
  const records = [order(at(0)), ...[5, 10, 20, 40].map(minutes => tick(at(minutes)))]
  const { alerts } = foldOperators(records, { operators: only({ rules: [storeSilent] }), reference: byFile })
  expect(alerts).toEqual([])
})

test('wherever batches are cut, and whatever is forgotten and read again between them, the same is told and kept', () => {
  const records = [
    ...[0, 1, 2, 3, 4].map(minutes => card(minutes)),
    ...[6, 10, 14, 18].map(minutes => tick(at(minutes))),
    card(20),
    card(21, 'c-2'),
    ...[30, 45, 60].map(minutes => tick(at(minutes))),
    card(61),
    card(3),
  ]
  const operators = only({ rules: [cardVelocity, storeSilent], metrics: [ORDERS], sessions: [BURSTS] })
  const whole = foldOperators(records, { operators, reference: habits })
  expect(whole.alerts.length).toBeGreaterThan(2)
  for (const size of [1, 2, 3, 5, 7]) {
    const cut = foldOperators(records, { operators, reference: habits, batchSize: size })
    expect(cut.alerts, `alerts in batches of ${size}`).toEqual(whole.alerts)
    expect(cut.sessions, `sessions in batches of ${size}`).toEqual(whole.sessions)
    expect(cut.panes, `panes in batches of ${size}`).toEqual(whole.panes)
    expect(alive(cut.states, cut.watermark), `states after batches of ${size}`).toEqual(
      alive(whole.states, whole.watermark),
    )
  }
})

test('an operator that fails on an event goes on without it, and the others with it', () => {
  const broken = {
    ...cardVelocity,
    name: 'broken',
    input: () => {
      throw new Error('no such field')
    },
  }
  const records = [0, 1, 2, 3].map(minutes => card(minutes))
  const { alerts, failures } = foldOperators(records, {
    operators: only({ rules: [broken, cardVelocity] }),
    reference: habits,
  })
  expect(alerts.map(({ rule }) => rule)).toEqual(['card_velocity'])
  expect(failures.map(({ message }) => message)).toEqual(
    [1, 2, 3, 4].map(offset => `broken fails on offset ${offset}: no such field`),
  )
})

test('a rule that fails as a minute passes goes on without it, and the others with it', () => {
  const broken = {
    ...storeSilent,
    name: 'broken',
    judgeAt: () => {
      throw new Error('no such store')
    },
  }
  const records = [order(at(0)), tick(at(14)), tick(at(15))]
  const { alerts, failures } = foldOperators(records, {
    operators: only({ rules: [broken, storeSilent] }),
    reference: habits,
  })
  expect(alerts.map(({ rule, state }) => [rule, state])).toEqual([['store_silent', 'open']])
  expect(failures.map(({ message }) => message)).toEqual(
    [2, 3].map(offset => `broken fails on offset ${offset}: no such store`),
  )
})

test('a state means nothing from its end on, unless its episode ends by itself', () => {
  const kept: KeptState = { state: {}, expiresAt: at(1), since: 1, alert: null, isHeld: false }
  expect([null, at(1) - 1, at(1), at(2)].map(watermark => hasExpired(kept, watermark))).toEqual([
    false,
    false,
    true,
    true,
  ])
  expect(hasExpired({ ...kept, isHeld: true }, at(2))).toBe(false)
})

test('sessions join what follows without a gap, and late ones stand alone', () => {
  const records = [order(at(0)), order(at(10)), order(at(29)), order(at(90)), order(at(50))]
  const { sessions } = foldOperators(records, { operators: only({ sessions: [BURSTS] }), reference: habits })
  expect(sessions.map(({ start, end, orders }) => [start, end, orders])).toEqual([
    [at(0), at(29), 3],
    [at(90), at(90), 1],
    [at(50), at(50), 1],
  ])
})

const ORDERS = {
  name: 'orders',
  title: 'Orders',
  paneMs: 5 * MINUTE_MS,
  windowMs: 15 * MINUTE_MS,
  of: () => [{ key: '', documents: 1, units: 1, net: 10_000 }],
}
const BURSTS = {
  name: 'bursts',
  title: 'Bursts',
  gapMs: 20 * MINUTE_MS,
  input: () => ({ key: 'all', adds: { orders: 1, units: 1, net: 10_000, views: 0 } }),
}

function alive(states: ReadonlyMap<string, KeptState>, watermark: Instant | null) {
  return [...states]
    .filter(([, kept]) => !hasExpired(kept, watermark))
    .sort(([one], [other]) => (one < other ? -1 : 1))
}
