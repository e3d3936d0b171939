import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { berlin } from '#domain/testing/stores.ts'
import {
  card,
  iAm,
  live,
  seriousViolations,
  seriousViolationsInBothThemes,
  sidewaysOverflow,
} from './dashboard.ts'
import type { Stack } from './stack/stack.ts'
import { count, orderAtFive, send } from './stack/stock-room.ts'
import { expect, test } from './stack/test.ts'

test.beforeEach(async ({ stack }) => {
  await stack.sql`insert into ref.products (sku, name) values ('tea', 'Green tea'), ('cup', 'Cup')`
  await orderAtFive(stack)
  await stack.sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await stack.sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
    values ('tea', now() - interval '1 day', 'leaf', 12550, 'EUR', 6, 2)`
  await stack.sql`
    insert into ref.supplier_terms (supplier, valid_from, minimum_value, express_minutes, express_fee, currency)
    values ('leaf', now() - interval '1 day', 200000, 10, 99000, 'EUR')`
  await stack.sql`
    insert into purchasing.people values
      ('ada', 'Ada', 'buyer', null), ('ben', 'Ben', 'manager', null), ('cleo', 'Cleo', 'viewer', null)`
})

/** Nine on the shelf, six of them sold: a sale makes the shortage, as in a shop. */
async function sellOut(stack: Stack): Promise<void> {
  await count(stack, { tea: 9 })
  await send(stack, {
    source: 'till-1',
    id: 'sale',
    type: 'order.placed',
    channel: 'pos',
    currency: 'EUR',
    orderId: 'sale',
    lines: [{ sku: 'tea', units: 6, unitPrice: '4.90' }],
  })
}

/** What to order, on a page that is alive. */
async function openToOrder(page: Page): Promise<void> {
  await page.goto('/restock?view=order')
  await expect(live(page)).toBeVisible()
}

/** From what to order to its drafts. */
async function draftOrders(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Draft orders' }).click()
  await page.getByRole('link', { name: 'See the drafts' }).click()
}

test('a shortage that a sale makes is drafted, placed, received in part and wholly, and is over: in two browsers, across a restart', async ({
  page,
  browser,
  stack,
}) => {
  await page.goto('/restock')
  await expect(live(page)).toBeVisible()
  await sellOut(stack)
  await expect(
    card(page, /^Needs you$/)
      .first()
      .getByRole('row', { name: /Green tea/ }),
  ).toContainText('3')
  await expect(page.getByRole('link', { name: 'Restock 1 open alerts' })).toBeVisible()

  // A viewer looks only; then the buyer takes the proposal: 20 − 3, in packs of six.
  await page.getByText('To order', { exact: true }).click()
  await iAm(page, 'Cleo, viewer')
  await expect(page.getByText('1 line, 1 supplier, 22.59 EUR')).toBeVisible()
  await page.getByRole('button', { name: 'Draft orders' }).click()
  await expect(page.getByText('Cleo is a viewer. Ada or Ben drafts, orders and receives.')).toBeVisible()
  await iAm(page, 'Ada, buyer')
  await draftOrders(page)

  // What the supplier would not take is said before it is placed.
  await card(page, /^Draft$/)
    .getByRole('link', { name: /Leaf & Co/ })
    .click()
  const units = page.getByRole('textbox', { name: 'Units of Green tea' })
  await units.fill('13')
  await units.press('Enter')
  await expect(
    page.getByText('13 of tea for berlin-mitte are no whole packs of 6: order 12 or 18.'),
  ).toBeVisible()
  await expect(page.getByRole('button', { name: 'Place order' })).toBeDisabled()
  await units.fill('18')
  await units.press('Enter')
  await expect(page.getByRole('button', { name: 'Place order' })).toBeEnabled()
  await page.getByRole('button', { name: 'Place order' }).click()
  await expect(card(page, /^Leaf & Co$/)).toContainText('placed')
  const address = page.url()

  // Another browser: a colleague, who has never been here.
  const stranger = await browser.newContext({ baseURL: stack.url, viewport: { width: 1440, height: 900 } })
  const other = await stranger.newPage()
  await other.goto('/restock/orders')
  await expect(card(other, /^Placed$/).getByRole('listitem')).toContainText('0 of 18 units')
  await expect(other.getByRole('link', { name: 'Restock', exact: true })).toBeVisible()

  await page.getByRole('textbox', { name: 'Came of Green tea' }).fill('12')
  await page.getByRole('button', { name: 'Receive', exact: true }).click()
  await expect(card(page, /^Lines$/).getByRole('row', { name: /Green tea/ })).toContainText('in part')
  await expect(card(other, /^Placed$/).getByRole('listitem')).toContainText('12 of 18 units')

  await stack.stop('web', 'by kill')
  await stack.start('web')
  await page.goto(address)
  await expect(live(page)).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Came of Green tea' })).toHaveValue('6')
  await page.getByRole('button', { name: 'Receive', exact: true }).click()
  await expect(card(page, /^Leaf & Co$/)).toContainText('received')
  await expect(card(other, /^Received$/).getByRole('listitem')).toContainText('18 of 18 units')
  await expect(card(other, /^Placed$/)).toContainText('Nothing is on its way.')

  // It is over by itself, in both.
  for (const shown of [page, other]) {
    await shown.goto('/restock')
    await expect(live(shown)).toBeVisible()
    await expect(shown.getByText(/No shortage among the .* whose stock is known/)).toBeVisible()
    await shown.getByRole('button', { name: 'History' }).click()
    await expect(shown.getByRole('row', { name: /Green tea/ })).toBeVisible()
  }
  // The first part ended the shortage; the second counts as come before the stream has read of it.
  const stock = () => stack.sql`
    select s.on_hand, s.on_order from stream.stock s join stream.active_generation using (generation)
    where s.store = ${berlin.id} and s.sku = 'tea'`
  await expect.poll(async () => [...(await stock())]).toEqual([{ on_hand: 21, on_order: 0 }])
  await stranger.close()
})

test('what cannot be is refused with what would do: too little, too much, twice', async ({ page, stack }) => {
  await sellOut(stack)
  await openToOrder(page)
  await iAm(page, 'Ada, buyer')
  await draftOrders(page)
  await card(page, /^Draft$/)
    .getByRole('link', { name: /Leaf & Co/ })
    .click()
  const [units, cost] = [
    page.getByRole('textbox', { name: 'Units of Green tea' }),
    page.getByRole('textbox', { name: 'Unit cost of Green tea' }),
  ]
  await cost.fill('-1')
  await cost.press('Enter')
  await expect(page.getByText('an amount below zero is none')).toBeVisible()
  await expect(cost).toHaveValue('1.2550')
  await units.fill('0')
  await units.press('Enter')
  await expect(page.getByText('order at least one unit, or take the line out')).toBeVisible()
  await units.fill('12')
  await units.press('Enter')
  await expect(
    page.getByText('The supplier takes orders from 20.00 EUR; this one comes to 15.06 EUR.'),
  ).toBeVisible()
  await page.getByRole('textbox', { name: 'Budget, EUR' }).fill('20')
  await page.getByRole('textbox', { name: 'Budget, EUR' }).press('Enter')
  await units.fill('18')
  await units.press('Enter')
  await expect(page.getByText('It comes to 22.59 EUR, its budget is 20.00 EUR.')).toBeVisible()
  await page.getByRole('textbox', { name: 'Budget, EUR' }).fill('40')
  await page.getByRole('textbox', { name: 'Budget, EUR' }).press('Enter')
  await page.getByRole('checkbox', { name: /Express: here within 10 minutes, for 9.90 EUR more/ }).check()
  await expect(card(page, /^Leaf & Co$/)).toContainText('32.49 EUR')
  await page.getByRole('button', { name: 'Place order' }).click()
  await expect(card(page, /^Leaf & Co$/)).toContainText('express')

  await page.getByRole('textbox', { name: 'Came of Green tea' }).fill('20')
  await page.getByRole('button', { name: 'Receive', exact: true }).click()
  await expect(page.getByText('Green tea: 18 are open, 20 were entered')).toBeVisible()
  await page.getByRole('checkbox', { name: 'More came than was ordered' }).check()
  await page.getByRole('button', { name: 'Receive', exact: true }).click()
  await expect(card(page, /^Lines$/).getByRole('row', { name: /Green tea/ })).toContainText('2 too many')
  await expect(page.getByRole('button', { name: 'Receive', exact: true })).toHaveCount(0)
})

test('an order is a sheet to print and a file for its supplier; a part that does not come is cancelled', async ({
  page,
  stack,
}) => {
  await sellOut(stack)
  await openToOrder(page)
  await iAm(page, 'Ben, manager')
  await draftOrders(page)
  await page.getByRole('button', { name: /^Place PO-/ }).click()
  await card(page, /^Placed$/)
    .getByRole('link', { name: /Leaf & Co/ })
    .click()
  await expect(page.getByRole('heading', { level: 1, name: /^PO-B/ })).toBeVisible()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'CSV' }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/^PO-B\d+\.csv$/)
  expect(await readFile(await file.path(), 'utf8')).toContain(
    'leaf,Leaf & Co,berlin-mitte,Berlin Mitte,tea,Green tea,18,1.2550,22.5900,EUR,',
  )
  const address = page.url()
  await page.getByRole('link', { name: 'Print' }).click()
  const sheet = page.getByRole('article')
  await expect(sheet).toContainText('to Leaf & Co')
  await expect(sheet.getByRole('row', { name: /Green tea/ })).toContainText('22.59')
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByRole('navigation')).toBeHidden()
  expect(await seriousViolations(page)).toEqual([])
  await page.emulateMedia({ media: null })

  await page.goto(address)
  await expect(live(page)).toBeVisible()
  await page.getByRole('textbox', { name: 'Came of Green tea' }).fill('6')
  await page.getByRole('button', { name: 'Receive', exact: true }).click()
  await expect(card(page, /^Lines$/).getByRole('row', { name: /Green tea/ })).toContainText('in part')
  await page.getByRole('button', { name: 'No more is coming' }).click()
  await expect(card(page, /^Leaf & Co$/)).toContainText('12 short')
  await page.getByRole('link', { name: 'All orders' }).click()
  await expect(card(page, /^Received$/).getByRole('listitem')).toContainText('6 of 18 units')
})

test('a manager lets orders go out by themselves, within a cap; what is muted is on no badge of any page', async ({
  page,
  context,
  stack,
}) => {
  await sellOut(stack)
  await page.goto('/restock/orders')
  await expect(live(page)).toBeVisible()
  const rules = card(page, /^Automatic orders$/)
  await iAm(page, 'Ada, buyer')
  await rules.getByRole('textbox', { name: /At most in 24 hours/ }).fill('50')
  await rules.getByRole('button', { name: 'Add, switched off' }).click()
  await expect(rules).toContainText('Ada is a buyer. Ben sets what orders by itself.')
  await iAm(page, 'Ben, manager')
  await rules.getByRole('button', { name: 'Add, switched off' }).click()
  await expect(rules.getByRole('row', { name: /Leaf & Co/ })).toContainText('0.00 of 50.00 EUR')
  await expect(card(page, /^Placed$/)).toContainText('Nothing is on its way.')
  await rules.getByRole('button', { name: 'Switch on Leaf & Co' }).click()
  await expect(card(page, /^Placed$/).getByRole('listitem')).toContainText('by a rule')
  await expect(rules.getByRole('row', { name: /Leaf & Co/ })).toContainText('22.59 of 50.00 EUR')
  await expect(card(page, /^Placed$/).getByRole('listitem')).toHaveCount(1)
  await expect(page.getByRole('link', { name: 'Restock', exact: true })).toBeVisible()

  await count(stack, { cup: 2 })
  await expect(page.getByRole('link', { name: 'Restock 1 open alerts' })).toBeVisible()
  const other = await context.newPage()
  await other.goto('/live')
  await expect(other.getByRole('link', { name: 'Restock 1 open alerts' })).toBeVisible()
  const muted = card(page, /^Muted$/).first()
  await muted.getByRole('textbox', { name: 'Product, by its number' }).fill('cup')
  await muted.getByRole('button', { name: 'Mute', exact: true }).click()
  await expect(muted).toContainText('say why nobody is to hear of it')
  await muted.getByRole('textbox', { name: 'Because' }).fill('it is being delisted')
  await muted.getByRole('button', { name: 'Mute', exact: true }).click()
  for (const shown of [page, other])
    await expect(shown.getByRole('link', { name: 'Restock', exact: true })).toBeVisible()
  await muted.getByRole('button', { name: 'Hear of cup again' }).click()
  for (const shown of [page, other])
    await expect(shown.getByRole('link', { name: 'Restock 1 open alerts' })).toBeVisible()
  expect(await seriousViolations(page)).toEqual([])
})

test('board and order are accessible in both themes, and fit a phone', async ({ page, stack }) => {
  await sellOut(stack)
  await openToOrder(page)
  await iAm(page, 'Ada, buyer')
  await draftOrders(page)
  await expect(card(page, /^Draft$/).getByRole('listitem')).toBeVisible()
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await sidewaysOverflow(page)).toBe(0)
  await card(page, /^Draft$/)
    .getByRole('link', { name: /Leaf & Co/ })
    .click()
  await expect(page.getByRole('button', { name: 'Place order' })).toBeVisible()
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  expect(await sidewaysOverflow(page)).toBe(0)
  await page.getByRole('button', { name: 'Place order' }).click()
  await expect(page.getByRole('button', { name: 'Receive', exact: true })).toBeVisible()
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  expect(await sidewaysOverflow(page)).toBe(0)
})

test('without anybody entered the page asks nobody who they are', async ({ page, stack }) => {
  await stack.sql`delete from purchasing.people`
  await sellOut(stack)
  await openToOrder(page)
  await expect(page.getByLabel('You', { exact: true })).toHaveCount(0)
  await draftOrders(page)
  await expect(card(page, /^Draft$/).getByRole('listitem')).toContainText('Berlin Mitte')
})
