import type { Page } from '@playwright/test'
import { HOURS_OF_WEEK } from '#domain/operators/hour-of-week.ts'
import { berlin, lisboa } from '#domain/testing/stores.ts'
import {
  begun,
  card,
  holdNotifications,
  live,
  notifications,
  seriousViolationsInBothThemes,
  sidewaysOverflow,
} from './dashboard.ts'
import type { Stack } from './stack/stack.ts'
import { expect, test } from './stack/test.ts'

/** Sends documents as a till does, a second apart, the last of them now. */
async function send(stack: Stack, documents: readonly object[]): Promise<void> {
  const now = Date.now()
  const events = documents.map((document, index) => ({
    source: 'till-1',
    store: berlin.id,
    register: '1',
    channel: berlin.channel,
    currency: berlin.currency,
    eventTime: new Date(now - (documents.length - index) * 1_000).toISOString(),
    ...document,
  }))
  const response = await fetch(`${stack.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(events),
  })
  expect(await response.json()).toMatchObject({ accepted: events.length })
}

/** Somebody pays again and again with one card. */
function cardFraud(stack: Stack, cardToken: string, orders: number): Promise<void> {
  const documents = Array.from({ length: orders }, (_, index) => ({
    type: 'order.placed',
    id: `${cardToken}-${index}`,
    orderId: `${cardToken}-${index}`,
    cardToken,
    tender: 'card',
    lines: [{ sku: 'gift-card', units: 1, unitPrice: '100.00' }],
  }))
  return send(stack, documents)
}

/** A cashier pays money out, refund after refund, for goods that nobody bought. */
function refundWave(stack: Stack, cashier: string, refunds: number): Promise<void> {
  const documents = Array.from({ length: refunds }, (_, index) => ({
    type: 'order.returned',
    id: `${cashier}-${index}`,
    orderId: `${cashier}-${index}`,
    cashier,
    lines: [{ sku: 'tea', units: 1, refund: '25.00' }],
  }))
  return send(stack, documents)
}

test('card fraud pops up with its evidence on whatever page one is; a verdict settles it and is counted', async ({
  page,
  stack,
}) => {
  await holdNotifications(page)
  await page.goto('/')
  await expect(live(page)).toBeVisible()
  await begun(page)
  await cardFraud(stack, 'card-77', 5)
  const toast = notifications(page)
  await expect(toast).toContainText('5 orders with card card-77 within 10 minutes')
  // Under the pointer it stays.
  await toast.hover()
  await expect(page.getByRole('link', { name: 'Alerts 1 open alerts' })).toBeVisible()
  await toast.getByRole('link').click()

  // It leads to the alert itself: figures against their limits, and every receipt.
  const detail = page.getByRole('dialog', { name: '5 orders with card card-77' })
  await expect(detail.getByRole('row', { name: /Orders with this card/ })).toContainText('fewer than 4')
  const receipts = detail.getByRole('region', { name: 'Receipts', exact: true })
  await expect(receipts.getByRole('row')).toHaveCount(6)
  await receipts.getByRole('button', { name: 'card-77-3' }).click()
  await expect(detail.getByRole('region', { name: 'Event of card-77-3' })).toContainText('1 × gift-card')
  await expect(detail.getByRole('region', { name: 'Event of card-77-3' })).toContainText('cardToken card-77')

  await detail.getByRole('textbox', { name: 'Note' }).fill('The customer knows nothing of it')
  await detail.getByRole('button', { name: 'Fraud', exact: true }).click()
  await expect(detail.getByRole('region', { name: 'What people did' })).toContainText('judged: fraud')
  await detail.getByRole('button', { name: 'Close' }).click()
  await expect(page.getByText('Nothing waits for a person.')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Alerts', exact: true })).toBeVisible()

  await page.getByRole('button', { name: 'Rates', exact: true }).click()
  const rates = card(page, 'Rates by rule').getByRole('row', { name: /One card, many orders/ })
  await expect(rates).toContainText('100%')
  await expect(page).toHaveURL(/view=rates/)
  // The page is loaded anew: what was told is told once, what was judged stays.
  await page.reload()
  await expect(live(page)).toBeVisible()
  await expect(rates).toContainText('100%')
  await expect(toast).toHaveCount(0)
})

test('a refund wave is one alert with its cashier; whose it is shows on every open page, and a verdict is taken back', async ({
  page,
  context,
  stack,
}) => {
  const other = await context.newPage()
  await other.goto('/alerts')
  await expect(other.getByText('Nothing waits for a person.')).toBeVisible()
  await page.goto('/alerts')
  await expect(live(page)).toBeVisible()
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
  await refundWave(stack, 'cashier-9', 6)
  const row = (on: Page) => on.getByRole('row', { name: /refunds by cashier cashier-9/ })
  await expect(row(other)).toContainText('nobody yet')
  await expect(row(page)).toHaveCount(1)

  await page.getByRole('button', { name: /refunds by cashier cashier-9/ }).click()
  const detail = page.getByRole('dialog', { name: /refunds by cashier cashier-9/ })
  await expect(detail.getByRole('row', { name: /Of them without an order/ })).toContainText('6')
  await detail.getByRole('textbox', { name: 'Who looks after it' }).fill('Grace')
  await detail.getByRole('button', { name: 'Assign' }).click()
  await expect(row(other)).toContainText('with Grace')
  await detail.getByRole('button', { name: 'False alarm' }).click()
  await expect(row(other)).toHaveCount(0)
  await expect(other.getByRole('link', { name: 'Alerts', exact: true })).toBeVisible()
  await detail.getByRole('button', { name: 'Take the verdict back' }).click()
  await expect(row(other)).toContainText('with Grace')
  await expect(other.getByRole('link', { name: 'Alerts 1 open alerts' })).toBeVisible()
})

test('a till that goes offline is told of with its last receipt; a verdict is counted, and its backlog ends the alert', async ({
  page,
  stack,
}) => {
  // Two orders a minute are what the store's habits let expect.
  await stack.sql`
    insert into ref.expected_orders (store, valid_from, orders)
    values (${berlin.id}, 'epoch', array_fill(120::double precision, array[${HOURS_OF_WEEK}::integer]))`
  const now = Date.now()
  const order = (register: string, minutesAgo: number) => ({
    type: 'order.placed',
    // The store's own server passes on what its tills say: its line is up, one of its tills is not.
    source: 'store-server',
    register,
    id: `${register}-${minutesAgo}`,
    orderId: `${register}-${minutesAgo}`,
    eventTime: new Date(now - minutesAgo * 60_000).toISOString(),
    lines: [{ sku: 'tea', units: 1, unitPrice: '3.00' }],
  })
  const minutes = Array.from({ length: 90 }, (_, index) => 90 - index)
  const offlineSince = 30
  await send(stack, [
    ...minutes.flatMap(ago => (ago > offlineSince ? [order('1', ago), order('2', ago)] : [order('2', ago)])),
  ])
  await page.goto('/alerts')
  await page.getByRole('button', { name: /^No order from till 1/ }).click()
  const detail = page.getByRole('dialog', { name: /^No order from till 1/ })
  await expect(detail.getByRole('row', { name: /Orders since/ })).toContainText('0')
  await expect(detail.getByRole('region', { name: 'Receipts', exact: true })).toContainText(
    `1-${offlineSince + 1}`,
  )
  await detail.getByRole('button', { name: 'False alarm' }).click()
  await detail.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'Rates', exact: true }).click()
  const ofTill = card(page, 'Rates by rule').getByRole('row', { name: /Till is silent/ })
  await expect(ofTill.getByRole('cell', { name: '0%', exact: true })).toBeVisible()

  // Its line is up again, and what it sold meanwhile comes at once; the next sales move the watermark past it.
  const backlog = minutes.filter(ago => ago <= offlineSince).map(ago => order('1', ago))
  await send(stack, [...backlog, order('1', -1.5), order('2', -1.5)])
  await page.getByRole('button', { name: 'History', exact: true }).click()
  await expect(page.getByRole('row', { name: /No order from till 1/ })).toContainText('over')
})

test('what the batch path finds at its tick pops up too: one card in two cities, with both receipts and the way between', async ({
  page,
  stack,
}) => {
  await holdNotifications(page)
  await page.goto('/')
  await expect(live(page)).toBeVisible()
  await begun(page)
  const paid = { type: 'order.placed', cardToken: 'card-9', entryMode: 'chip', tender: 'card' }
  const lines = [{ sku: 'tea', units: 1, unitPrice: '3.00' }]
  await send(stack, [
    { ...paid, id: 'b-1', orderId: 'b-1', lines },
    { ...paid, id: 'l-1', orderId: 'l-1', lines, store: lisboa.id, source: 'till-lisboa' },
    // Of one cup of tea two come back.
    ...[1, 2].map(number => ({
      type: 'order.returned',
      id: `r-${number}`,
      orderId: `r-${number}`,
      originalOrderId: 'b-1',
      lines: [{ sku: 'tea', units: 1, refund: '3.00' }],
    })),
  ])
  await stack.run('jobs/main.ts', ['run', 'batch_rules'])
  const toast = notifications(page).filter({ hasText: 'Card card-9' })
  await expect(toast).toContainText('Card card-9 at berlin-mitte and, 0 minutes later, 2313 km away')
  await toast.hover()
  await toast.getByRole('link').click()
  const detail = page.getByRole('dialog', { name: 'Card card-9 at berlin-mitte' })
  await expect(detail.getByText('Batch, batch_rules')).toBeVisible()
  await expect(detail.getByText('One card in two places, version 1')).toBeVisible()
  await expect(detail.getByRole('row', { name: /Speed that it takes/ })).toContainText('at most 900 km/h')
  const receipts = detail.getByRole('region', { name: 'Receipts', exact: true })
  await expect(receipts.getByRole('row')).toHaveCount(3)
  await receipts.getByRole('button', { name: 'l-1' }).click()
  await expect(detail.getByRole('region', { name: 'Event of l-1' })).toContainText('cardToken card-9')
  await detail.getByRole('button', { name: 'Fraud', exact: true }).click()
  await expect(detail.getByRole('region', { name: 'What people did' })).toContainText('judged: fraud')
  await detail.getByRole('button', { name: 'Close' }).click()

  // Beside it stands what came back of the order; judged again, both stay as they are.
  await page.goto('/alerts')
  await expect(page.getByRole('row', { name: /2 × tea given back of order b-1/ })).toBeVisible()
  await stack.run('jobs/main.ts', ['run', 'batch_rules'])
  await page.getByRole('button', { name: 'Rates', exact: true }).click()
  await expect(
    card(page, 'Rates by rule').getByRole('row', { name: /One card in two places/ }),
  ).toContainText('100%')
  await page.getByRole('button', { name: 'Rules', exact: true }).click()
  await page.getByRole('button', { name: 'Change or try: More refunded than was bought' }).click()
  const rule = page.getByRole('dialog', { name: 'More refunded than was bought' })
  await rule.getByRole('spinbutton', { name: /^Units beyond/ }).fill('2')
  await rule.getByRole('spinbutton', { name: /^Money beyond/ }).fill('100')
  await rule.getByRole('button', { name: 'Try on the past' }).click()
  await expect(rule.getByRole('region', { name: 'Tried on the past' })).toContainText(
    'would have raised 0 alerts',
  )
})

test('a rule is tried on the past before it is changed, and its version holds later', async ({
  page,
  stack,
}) => {
  await cardFraud(stack, 'card-5', 3)
  await page.goto('/alerts?view=rules')
  await expect(live(page)).toBeVisible()
  await page.getByRole('button', { name: 'Change or try: One card, many orders' }).click()
  const rule = page.getByRole('dialog', { name: 'One card, many orders' })
  await rule.getByRole('button', { name: 'Try on the past' }).click()
  const result = rule.getByRole('region', { name: 'Tried on the past' })
  await expect(result).toContainText('would have raised 0 alerts')
  await rule.getByRole('spinbutton', { name: /^Orders/ }).fill('3')
  await rule.getByRole('button', { name: 'Try on the past' }).click()
  await expect(result).toContainText('would have raised 1 alert in these days, 0 of them confirmed')
  await expect(result).toContainText('3 orders with card card-5')

  await rule.getByRole('button', { name: 'Save as a new version' }).click()
  await expect(rule.getByRole('region', { name: 'Versions' })).toContainText('2, on: orders 3, minutes 10')
  await rule.getByRole('button', { name: 'Close' }).click()
  await expect(card(page, 'Rules').getByText(/version 1, another from/)).toBeVisible()
})

test('Alerts is accessible in every view and both themes, and fits a phone of 360 px', async ({
  page,
  stack,
}) => {
  await page.goto('/alerts')
  await expect(page.getByText('Nothing waits for a person.')).toBeVisible()
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  await cardFraud(stack, 'card-1', 5)
  await refundWave(stack, 'cashier-1', 4)
  await expect(page.getByRole('row', { name: /card card-1/ })).toBeVisible()
  await expect(page.getByRole('row', { name: /cashier-1/ })).toBeVisible()
  for (const view of ['Needs a person', 'History', 'Rates', 'Rules']) {
    await page.getByRole('button', { name: view, exact: true }).click()
    await expect(page.getByText('Loading', { exact: true })).toHaveCount(0)
    expect(await seriousViolationsInBothThemes(page)).toEqual([])
  }
  await page.getByRole('button', { name: 'Change or try: One card, many orders' }).click()
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  await page.getByRole('button', { name: 'Close' }).click()

  await page.setViewportSize({ width: 360, height: 740 })
  for (const view of ['History', 'Rates', 'Rules', 'Needs a person']) {
    await page.getByRole('button', { name: view, exact: true }).click()
    await expect(page.getByText('Loading', { exact: true })).toHaveCount(0)
    expect(await sidewaysOverflow(page)).toBe(0)
  }
  await page
    .getByRole('listitem')
    .getByRole('button', { name: /card card-1/ })
    .click()
  const detail = page.getByRole('dialog', { name: /card card-1/ })
  await expect(detail.getByRole('button', { name: 'Fraud', exact: true })).toBeVisible()
  expect(await sidewaysOverflow(page)).toBe(0)
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
})
