import { berlin } from '#domain/testing/stores.ts'
import { live, seriousViolations } from './dashboard.ts'
import { count, orderAtFive } from './stack/stock-room.ts'
import { expect, test } from './stack/test.ts'

const ROW = /Green tea/

test.beforeEach(async ({ stack }) => {
  await stack.sql`insert into ref.products (sku, name) values ('tea', 'Green tea'), ('cup', 'Cup')`
  await orderAtFive(stack)
})

test('what one does about a shortage shows on every open page, with name and time', async ({
  page,
  context,
  stack,
}) => {
  await count(stack, { tea: 3 })
  const other = await context.newPage()
  await other.goto('/restock')
  await expect(other.getByRole('row', { name: ROW })).toContainText('nobody yet')
  await page.goto('/restock')
  // The name is taken once the page is alive.
  await expect(live(page)).toBeVisible()
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
  await page.getByRole('button', { name: 'Acknowledge: Green tea' }).click()

  for (const shown of [page, other]) {
    await expect(shown.getByRole('row', { name: ROW })).toContainText('acknowledged by Ada')
    await expect(shown.getByRole('link', { name: 'Restock', exact: true })).toBeVisible()
  }
  await other.getByRole('button', { name: 'Reopen: Green tea' }).click()
  await expect(page.getByRole('link', { name: 'Restock 1 open alerts' })).toBeVisible()
  await page.getByRole('button', { name: 'Snooze: Green tea' }).click()
  await page.getByRole('menuitem', { name: 'For an hour' }).click()
  await expect(other.getByRole('row', { name: ROW })).toContainText('snoozed by Ada until')

  await count(stack, { tea: 30 })
  await expect(page.getByText(/No shortage among the .* whose stock is known/)).toBeVisible()
  await page.getByRole('button', { name: 'History' }).click()
  await expect(page.getByRole('row', { name: ROW })).toContainText('snoozed by Ada')
})

test('what is dismissed for a reason needs nobody until it is over: everywhere, after a reload, and unless it is taken back', async ({
  page,
  context,
  stack,
}) => {
  await count(stack, { tea: 3 })
  const other = await context.newPage()
  await other.goto('/restock')
  await page.goto('/restock')
  await expect(live(page)).toBeVisible()
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
  const dismiss = async (reason: string) => {
    await page.getByRole('button', { name: 'Snooze: Green tea' }).click()
    await page.getByRole('menuitem', { name: reason }).click()
  }
  await dismiss('The stock is wrong')
  for (const shown of [page, other]) {
    await expect(shown.getByRole('row', { name: ROW })).toContainText('dismissed by Ada: The stock is wrong')
    await expect(shown.getByText('1 dismissed')).toBeVisible()
    await expect(shown.getByRole('link', { name: 'Restock', exact: true })).toBeVisible()
  }
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(other.getByRole('link', { name: 'Restock 1 open alerts' })).toBeVisible()
  await expect(page.getByRole('row', { name: ROW })).toContainText('nobody yet')

  // It has become worse, which is the same shortage.
  await dismiss('Enough for now')
  await expect(page.getByRole('row', { name: ROW })).toContainText('dismissed by Ada')
  await count(stack, { tea: 0 })
  await expect(page.getByRole('row', { name: ROW })).toContainText('Out of stock')
  await page.reload()
  await expect(page.getByRole('row', { name: ROW })).toContainText('dismissed by Ada: Enough for now')
  await expect(page.getByRole('link', { name: 'Restock', exact: true })).toBeVisible()

  // The next shortage is another one.
  await count(stack, { tea: 30 })
  await expect(page.getByText(/No shortage among the .* whose stock is known/)).toBeVisible()
  await count(stack, { tea: 2 })
  await expect(page.getByRole('row', { name: ROW })).toContainText('nobody yet')
  await expect(page.getByRole('link', { name: 'Restock 1 open alerts' })).toBeVisible()
})

test('a row says when the shelf is empty and what comes first, opens to its evidence, and keys settle it, which can be undone', async ({
  page,
  stack,
}) => {
  await stack.sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await stack.sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
    values ('tea', now() - interval '1 day', 'leaf', 12550, 'EUR', 6, 2)`
  await stack.sql`
    insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
    values (${berlin.id}, 'tea', now() - interval '1 hour', 'average', array_fill(12::float8, array[7]), 2, 28)`
  await count(stack, { tea: 6, cup: 0 })
  await page.goto('/restock')
  await expect(live(page)).toBeVisible()
  const [tea, cup] = [page.getByRole('row', { name: ROW }), page.getByRole('row', { name: /Cup/ })]
  // Twelve a day, six there, and two days until an order comes.
  await expect(tea).toContainText('0.5 d')
  await expect(tea).toContainText('if ordered now')
  await expect(tea).toContainText(/\d+ h empty/)

  await tea.focus()
  await page.keyboard.press('Enter')
  const evidence = page.getByRole('dialog', { name: /Green tea, Berlin Mitte/ })
  await expect(evidence).toContainText('12.0 a day')
  await expect(evidence).toContainText('called it short')
  await expect(evidence).toContainText('no nightly plan has called it short.')
  await page.keyboard.press('Escape')
  await expect(evidence).toHaveCount(0)
  // One goes on where one was.
  await expect(tea).toBeFocused()
  await page.keyboard.press('j')
  await expect(cup).toBeFocused()
  await page.keyboard.press('e')
  await expect(cup).toContainText('acknowledged by')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(cup).toContainText('nobody yet')

  await tea.focus()
  await page.keyboard.press('x')
  // 20 − 6, in packs of six.
  await expect(page.getByText('1 line, 1 supplier, 22.59 EUR')).toBeVisible()
  expect(await seriousViolations(page)).toEqual([])
  await page.getByRole('button', { name: 'Draft orders' }).click()
  await expect(page.getByText('1 order drafted: not placed yet.')).toBeVisible()
})
