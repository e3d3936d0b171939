import { readFile } from 'node:fs/promises'
import { berlin } from '#domain/testing/stores.ts'
import {
  begun,
  card,
  holdNotifications,
  live,
  notifications,
  seriousViolations,
  seriousViolationsInBothThemes,
  sidewaysOverflow,
} from './dashboard.ts'
import { count, orderAtFive, send, untilTold } from './stack/stock-room.ts'
import { expect, test } from './stack/test.ts'

const ROW = /Green tea/

test.beforeEach(async ({ page, stack }) => {
  await holdNotifications(page)
  await stack.sql`
    insert into ref.products (sku, name) values ('tea', 'Green tea'), ('cup', 'Cup'), ('pan', 'Pan'), ('mug', 'Mug')`
  await orderAtFive(stack)
})

test('a shortage raised while one is on another page pops up there, once, and leads to Restock', async ({
  page,
  stack,
}) => {
  await count(stack, { tea: 9, cup: 2 })
  await untilTold(stack, 1)
  await page.goto('/')
  await expect(page.getByRole('link', { name: 'Restock 1 open alerts' })).toBeVisible()
  await expect(live(page)).toBeVisible()
  // What was open before is on the list, and no news.
  await expect(notifications(page)).toHaveCount(0)

  await count(stack, { tea: 3 })
  const toast = notifications(page)
  await expect(toast).toContainText('Low stock: Green tea')
  await expect(toast).toContainText('Berlin Mitte, 3 on hand')
  await expect(page.getByRole('region', { name: 'Notifications' })).toHaveAttribute('aria-live', 'polite')
  await toast.getByRole('link').click()
  await expect(page).toHaveURL(/\/restock$/)
  await expect(page.getByRole('row', { name: ROW })).toContainText('Low stock')
  await expect(toast).toHaveCount(0)

  // The shortage is the same and has become critical, which is told once; then the page is loaded anew.
  await count(stack, { tea: 0 })
  await expect(toast).toContainText('Out of stock: Green tea')
  await toast.hover()
  await expect(page.getByRole('row', { name: ROW })).toContainText('Out of stock')
  await toast.getByRole('button', { name: 'Dismiss' }).click()
  await expect(toast).toHaveCount(0)
  await page.getByRole('link', { name: 'Live' }).click()
  await expect(page.getByRole('heading', { name: 'Live', level: 1 })).toBeVisible()
  await page.reload()
  await expect(page.getByRole('link', { name: 'Restock 2 open alerts' })).toBeVisible()
  await expect(toast).toHaveCount(0)
})

test('what an order ends is on its way and needs nobody; what it does not end needs somebody', async ({
  page,
  stack,
}) => {
  await count(stack, { tea: 3, cup: 2 })
  const order = (id: string, lines: { sku: string; units: number }[]) =>
    send(stack, { type: 'purchase.placed', id, purchaseOrderId: id, supplier: 'acme', lines })
  await page.goto('/restock')
  await expect(page.getByRole('link', { name: 'Restock 2 open alerts' })).toBeVisible()
  await order('po-1', [
    { sku: 'tea', units: 10 },
    { sku: 'cup', units: 3 },
  ])
  // A table is a region of its own name, within that of its card.
  const [needed, coming] = [card(page, /^Needs you$/).first(), card(page, /^On its way$/).first()]
  await expect(coming.getByRole('row', { name: ROW })).toBeVisible()
  await expect(needed.getByRole('row', { name: /Cup/ })).toContainText('3')
  await expect(needed.getByRole('row', { name: ROW })).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'Restock 1 open alerts' })).toBeVisible()
  await order('po-2', [{ sku: 'cup', units: 1 }])
  await expect(needed).toContainText('Nothing needs you.')
  await expect(page.getByRole('link', { name: /Restock \d open alerts/ })).toHaveCount(0)
})

test('many at once are told as one, and muted nothing pops up while the count goes on', async ({
  page,
  stack,
}) => {
  await page.goto('/restock')
  await expect(live(page)).toBeVisible()
  await begun(page)
  await count(stack, { tea: 1, cup: 0, pan: 2 })
  await expect(notifications(page)).toHaveCount(1)
  // Under the pointer it stays.
  await notifications(page).hover()
  await expect(notifications(page)).toContainText('3 new alerts')
  await expect(notifications(page)).toContainText('1 out of stock, 2 low')
  await notifications(page).getByRole('button', { name: 'Dismiss' }).click()
  await expect(notifications(page)).toHaveCount(0)

  await page.getByRole('button', { name: 'Mute new alerts' }).click()
  await count(stack, { mug: 1 })
  await expect(page.getByRole('link', { name: 'Restock 4 open alerts' })).toBeVisible()
  await expect(page.getByRole('row', { name: /Mug/ })).toBeVisible()
  await expect(notifications(page)).toHaveCount(0)
})

test('a shortage raised while the dashboard was away pops up when it is back', async ({ page, stack }) => {
  await count(stack, { tea: 9 })
  await page.goto('/live')
  await expect(live(page)).toBeVisible()
  await begun(page)
  await stack.stop('web')
  await count(stack, { tea: 2 })
  await stack.start('web')
  await expect(notifications(page)).toContainText('Green tea')
})

test('on a screen of 1280 px a row of shortages shows all it can do, however long its names are', async ({
  page,
  stack,
}) => {
  await stack.sql`update ref.products set name = 'Schowalter serving dish of oak' where sku = 'tea'`
  await stack.sql`update ref.stores set name = 'Manchester Piccadilly Gardens' where store = ${berlin.id}`
  await count(stack, { tea: 0, cup: 0 })
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto('/restock')
  await expect(live(page)).toBeVisible()
  await page.getByRole('textbox', { name: 'Your name' }).fill('Wilhelmina Featherstonehaugh')
  await page.getByRole('button', { name: 'Acknowledge: Cup' }).click()
  await expect(page.getByRole('row', { name: /Cup/ })).toContainText('acknowledged by Wilhelmina')
  await expect(page.getByRole('button', { name: 'Snooze: Schowalter' })).toBeInViewport({ ratio: 1 })
  // Of the two regions of that name the card holds the one that scrolls.
  const scrolling = page.getByRole('region', { name: 'Needs you' }).last()
  await expect.poll(() => scrolling.evaluate(element => element.scrollWidth - element.clientWidth)).toBe(0)
})

test('what to order comes by supplier in whole packs, and as a file', async ({ page, stack }) => {
  await stack.sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await stack.sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
    values ('tea', now() - interval '1 day', 'leaf', 12550, 'EUR', 6, 2)`
  await count(stack, { tea: 3, pan: 0 })
  await page.goto('/restock?view=order')
  const leaf = card(page, /^Leaf & Co$/)
  // 20 − 3 = 17, in packs of 6.
  await expect(leaf.getByRole('row', { name: ROW })).toContainText('18')
  await expect(leaf).toContainText('22.59 EUR')
  await expect(leaf.getByRole('row', { name: ROW })).toContainText('2 days')
  const nobody = card(page, /^No supplier on file$/)
  await expect(nobody).toContainText('No supply terms are on file')
  await expect(nobody.getByRole('row', { name: /Pan/ })).toContainText('20')

  // However long the lists are, each is a press away, and the list of them a press back.
  const suppliers = page.getByRole('navigation', { name: 'Suppliers' })
  await expect(suppliers.getByRole('listitem').filter({ hasText: 'Leaf & Co' })).toHaveText(
    /1 line22\.59 EUR$/,
  )
  await suppliers.getByRole('link', { name: 'No supplier on file' }).press('Enter')
  await expect(page.locator(':focus').getByRole('row', { name: /Pan/ })).toBeInViewport()
  await nobody.getByRole('link', { name: 'To the list' }).press('Enter')
  await expect(suppliers).toBeFocused()

  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'CSV' }).click()
  const file = await download
  expect(file.suggestedFilename()).toMatch(/^order-proposals-\d{4}-\d\d-\d\d\.csv$/)
  const text = await readFile(await file.path(), 'utf8')
  expect(text).toContain(
    'leaf,Leaf & Co,berlin-mitte,Berlin Mitte,tea,Green tea,3,0,5,20,6,18,1.2550,22.5900,EUR,2',
  )

  await page.getByRole('combobox', { name: 'Supplier' }).click()
  await page.getByRole('option', { name: 'Leaf & Co' }).click()
  await expect(page).toHaveURL(/supplier=leaf/)
  await expect(nobody).toBeHidden()
})

test('Restock is accessible in both themes, and on a phone a toast leaves every control free', async ({
  page,
  stack,
}) => {
  await count(stack, { tea: 3, cup: 0 })
  await untilTold(stack, 2)
  await page.goto('/restock')
  await expect(page.getByRole('row', { name: ROW })).toBeVisible()
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  for (const [view, shown] of [
    ['To order', /^No supplier on file$/],
    ['History', /^Resolved shortages$/],
  ] as const) {
    await page.getByRole('button', { name: view }).click()
    await expect(card(page, shown)).toBeVisible()
    await expect(page.getByText('Loading', { exact: true })).toHaveCount(0)
    expect(await seriousViolationsInBothThemes(page)).toEqual([])
  }

  await page.setViewportSize({ width: 360, height: 740 })
  await page.getByRole('button', { name: 'Shortages', exact: true }).click()
  await expect(page.getByRole('listitem').filter({ hasText: 'Green tea' })).toBeVisible()
  await count(stack, { pan: 1 })
  await expect(notifications(page)).toContainText('Pan')
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  expect(await sidewaysOverflow(page)).toBe(0)
  const toast = await notifications(page).boundingBox()
  const menu = await page.getByRole('button', { name: 'Menu' }).boundingBox()
  if (!toast || !menu) throw new Error('toast or menu is not there')
  expect(toast.x + toast.width).toBeLessThanOrEqual(menu.x)
  const heading = await page.getByRole('heading', { name: 'Restock', level: 1 }).boundingBox()
  expect(toast.y + toast.height).toBeLessThanOrEqual(heading?.y ?? 0)
})

test('what came beyond its order, or for an order never seen, is shown as such, and nothing of it is on order', async ({
  page,
  stack,
}) => {
  const now = new Date().toISOString()
  const header = { source: 'goods-in', store: berlin.id, eventTime: now }
  const response = await fetch(`${stack.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([
      {
        ...header,
        id: 'p-1',
        type: 'purchase.placed',
        purchaseOrderId: 'PO-1',
        supplier: 's',
        lines: [{ sku: 'tea', units: 10 }],
      },
      {
        ...header,
        id: 'r-1',
        type: 'stock.received',
        purchaseOrderId: 'PO-1',
        lines: [{ sku: 'tea', units: 12 }],
      },
      {
        ...header,
        id: 'r-2',
        type: 'stock.received',
        purchaseOrderId: 'PO-9',
        lines: [{ sku: 'cup', units: 24 }],
      },
    ]),
  })
  expect(await response.json()).toMatchObject({ accepted: 3 })
  await page.goto('/restock')
  await page.getByText('Deliveries', { exact: true }).click()
  const table = card(page, 'Deliveries beyond their orders')
  await expect(table.getByRole('row', { name: /Green tea/ })).toContainText('over-delivered')
  await expect(table.getByRole('row', { name: /Green tea/ })).toContainText('PO-1')
  await expect(table.getByRole('row', { name: /Cup/ })).toContainText('not ordered')
  expect(await seriousViolations(page)).toEqual([])
})

test('what is not known of a view of Restock is said under its own name; without a supplier nothing orders by itself', async ({
  page,
  stack,
}) => {
  await page.goto('/restock/orders')
  await expect(card(page, /^Automatic orders$/)).toContainText('No supplier is on file.')
  await stack.dashboardDatabase.cut()
  await page.goto('/restock?view=order')
  await expect(card(page, /^To order$/)).toContainText('The database could not answer.')
  await page.goto('/restock?view=history')
  await expect(card(page, /^Resolved shortages$/)).toContainText('The database could not answer.')
  await expect(card(page, /^Needs you$/)).toHaveCount(0)
})

test('what comes while others are shown is added to them: two stand beside each other, more are one count that grows', async ({
  page,
  stack,
}) => {
  await page.goto('/restock')
  await expect(live(page)).toBeVisible()
  await begun(page)
  await count(stack, { tea: 0, cup: 0 })
  await expect(notifications(page)).toHaveCount(2)
  await count(stack, { pan: 0 })
  // The two fade first.
  await expect(notifications(page)).toHaveCount(1)
  await expect(notifications(page)).toContainText('3 new alerts')
  await count(stack, { mug: 0 })
  await expect(notifications(page).filter({ hasText: '4 new alerts' })).toBeVisible()
  await expect(notifications(page)).toHaveCount(1)
})
