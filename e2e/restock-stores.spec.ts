import { berlin, potsdam } from '#domain/testing/stores.ts'
import { card, iAm, live, seriousViolations, sidewaysOverflow } from './dashboard.ts'
import { count, orderAtFive } from './stack/stock-room.ts'
import { expect, test } from './stack/test.ts'

const ROW = /Green tea/

// An hour's drive from each other, and of one currency.
test.use({ installation: { stores: [berlin, potsdam] } })

test.beforeEach(async ({ stack }) => {
  await stack.sql`insert into ref.products (sku, name) values ('tea', 'Green tea'), ('cup', 'Cup')`
  await orderAtFive(stack, [berlin, potsdam])
  await stack.sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await stack.sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
    values ('tea', now() - interval '1 day', 'leaf', 12550, 'EUR', 6, 2)`
  await stack.sql`
    insert into purchasing.people values ('ada', 'Ada', 'buyer', null), ('cleo', 'Cleo', 'viewer', null)`
})

test('what another store can do without is passed on by a buyer, once, and ends the shortage; what it needs itself is not', async ({
  page,
  stack,
}) => {
  await count(stack, { tea: 3, cup: 3 })
  // Of cups no more than its reorder point and what it sells in a week.
  await count(stack, { tea: 50, cup: 32 }, potsdam)
  await page.goto('/restock?view=order')
  await expect(live(page)).toBeVisible()
  const sooner = card(page, /^Sooner from another store$/).first()
  // One more than its reorder point, of those that Potsdam does not sell within a week.
  await expect(sooner.getByRole('row', { name: /Green tea Potsdam Berlin Mitte 3 / })).toBeVisible()
  await expect(sooner.getByRole('row', { name: /Cup/ })).toHaveCount(0)
  expect(await seriousViolations(page)).toEqual([])

  const pass = page.getByRole('button', { name: 'Pass on Green tea from Potsdam to Berlin Mitte' })
  await iAm(page, 'Cleo, viewer')
  await pass.click()
  await expect(sooner).toContainText('Cleo is a viewer.')
  await iAm(page, 'Ada, buyer')
  await pass.click()
  await expect(sooner).toContainText('It is booked.')
  await expect(pass).toHaveCount(0)
  await page.getByRole('button', { name: 'Shortages', exact: true }).click()
  await expect(page.getByRole('row', { name: /Cup/ })).toBeVisible()
  await expect(page.getByRole('row', { name: ROW })).toHaveCount(0)
  // What ended the shortage is the leg that came in: the one that went out is of another partition.
  const stock = async () => [
    ...(await stack.sql`
      select s.store, s.on_hand from stream.stock s join stream.active_generation using (generation)
      where s.sku = 'tea' order by s.store`),
  ]
  await expect.poll(stock).toEqual([
    { store: berlin.id, on_hand: 6 },
    { store: potsdam.id, on_hand: 47 },
  ])
})

test('what the supplier has too little of is shared out by need, in whole packs', async ({ page, stack }) => {
  await count(stack, { tea: 0 })
  await count(stack, { tea: 3 }, potsdam)
  await page.goto('/restock?view=order')
  await expect(live(page)).toBeVisible()
  await iAm(page, 'Ada, buyer')
  await expect(page.getByText('2 lines, 1 supplier, 52.71 EUR')).toBeVisible()
  await page.getByRole('button', { name: 'Draft orders' }).click()
  await page.getByRole('link', { name: 'See the drafts' }).click()
  await card(page, /^Draft$/)
    .getByRole('link', { name: /Leaf & Co/ })
    .click()
  const [here, there] = [
    page.getByRole('textbox', { name: 'Units of Green tea, Berlin Mitte' }),
    page.getByRole('textbox', { name: 'Units of Green tea, Potsdam' }),
  ]
  await expect(here).toHaveValue('24')
  await expect(there).toHaveValue('18')

  // Of 20 a rest makes no pack; the empty shelf has the first and the last of three.
  await page.getByRole('textbox', { name: 'Units there are' }).fill('20')
  await page.getByRole('button', { name: 'Share out by need' }).click()
  await expect(here).toHaveValue('12')
  await expect(there).toHaveValue('6')
  await expect(card(page, /^Leaf & Co$/)).toContainText('22.59 EUR')
  expect(await seriousViolations(page)).toEqual([])
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await sidewaysOverflow(page)).toBe(0)

  // Too little for both: whoever is empty gets it, and the other is taken out.
  await page.getByRole('textbox', { name: 'Units there are' }).fill('6')
  await page.getByRole('button', { name: 'Share out by need' }).click()
  await expect(here).toHaveValue('6')
  await expect(there).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Share out by need' })).toHaveCount(0)
})
