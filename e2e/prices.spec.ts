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
import { expect, test } from './stack/test.ts'

/** Sixty days on which tea sold 24 a day at 10.00, and a hundred days' worth of it on the shelf. */
async function overstock(stack: Stack): Promise<void> {
  const { sql } = stack
  await sql`
    insert into ref.products (sku, name, category) values ('tea', 'Green tea', 'Hot drinks')`
  await sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, lead_time_days)
    values ('tea', now() - interval '90 days', 'leaf', 40000, 'EUR', 2)`
  await sql`
    insert into batch.daily_product_sales (business_day, store, channel, sku, currency, units, gross, discounts, returns,
      units_returned, run_id)
    select day::date, ${berlin.id}, 'pos', 'tea', 'EUR', 24, 2400000, 0, 0, 0, 1
    from generate_series(now()::date - 60, now()::date - 1, interval '1 day') day`
  await sql`
    insert into batch.daily_inventory values (now()::date - 1, ${berlin.id}, 'tea', 0, 2400, 0, 0, 0, 0, 0, 2400, 0, 1)`
  await sql`
    insert into purchasing.people values ('ada', 'Ada', 'buyer', null), ('cleo', 'Cleo', 'viewer', null)`
  await stack.run('jobs/main.ts', ['run', 'price_hints'])
}

/** What a till asks for tea now, as it is told; null: what is usual. */
async function askedFor(stack: Stack): Promise<number | null> {
  const [row] = await stack.sql<
    { price: number }[]
  >`select price from ref.price_at(${berlin.id}, 'tea', now())`
  return row?.price ?? null
}

const TEA = /Green tea/

test('a hint is seen, set within its bounds, taken by the tills, measured against the forecast, and ended', async ({
  page,
  stack,
}) => {
  await overstock(stack)
  await page.goto('/restock?view=prices')
  await expect(live(page)).toBeVisible()
  const hints = card(page, /^Prices that would clear it/).first()
  await expect(hints.getByRole('row', { name: TEA })).toContainText('7.50 EUR −25%')
  const set = card(page, /^Prices that were set/).first()
  await expect(set).toContainText('Nobody has set a price yet.')
  expect(await seriousViolations(page)).toEqual([])

  // A row opens by key; what is below cost is refused as it is typed.
  await iAm(page, 'Cleo, viewer')
  await hints.getByRole('row', { name: TEA }).focus()
  await page.keyboard.press('p')
  const dialog = page.getByRole('dialog', { name: /A price for Green tea, Berlin Mitte/ })
  const price = dialog.getByRole('textbox', { name: 'Price, EUR' })
  const press = dialog.getByRole('button', { name: 'Set this price' })
  await expect(price).toHaveValue('7.50')
  await expect(dialog.getByRole('row', { name: /Units a day/ })).toContainText('24')
  await price.fill('3.99')
  await expect(dialog.getByRole('status')).toContainText('is below what one has cost, 4.00 EUR')
  await expect(press).toBeDisabled()
  await price.fill('6.50')
  await expect(dialog.getByRole('status')).toContainText(
    'more than 30% below the 10.00 EUR asked within a day',
  )
  await price.fill('7.50')
  expect(await seriousViolations(page)).toEqual([])

  // A viewer may think of it, and no more.
  await press.click()
  await expect(dialog.getByRole('status')).toContainText('Cleo is a viewer')
  await page.keyboard.press('Escape')
  await iAm(page, 'Ada, buyer')
  await hints.getByRole('button', { name: 'Set a price for Green tea in Berlin Mitte' }).click()
  await press.click()
  await expect(dialog).toHaveCount(0)
  const row = set.getByRole('row', { name: TEA })
  await expect(row).toContainText('Too much, by Ada')
  await expect(row).toContainText('7.50 EUR')
  await expect(row).toContainText('holds')
  await expect.poll(() => askedFor(stack)).toBe(75_000)

  // Tills take it: in the moments since, so much is more than anybody foresaw.
  await stack.tills.sell({ store: berlin, id: 'after', units: 40, unitPrice: '7.50', skus: ['tea'] })
  await expect(row).toContainText('more than expected')
  await expect(row).toContainText('40 of')
  await expect(row).toContainText('asked 7.50 in the mean')
  // 40 × (7.50 − 4.00).
  await expect(row).toContainText('140.00')
  await stack.run('jobs/main.ts', ['run', 'price_hints'])
  const [night] = await stack.sql`select units, verdict from batch.price_effects`
  expect(night).toMatchObject({ units: 40, verdict: 'more' })

  await row.getByRole('button', { name: 'End the price of Green tea in Berlin Mitte' }).click()
  await expect(row).toContainText('ended')
  await expect(row).toContainText('by Ada')
  await expect.poll(() => askedFor(stack)).toBeNull()
  await expect(row.getByRole('button')).toHaveCount(0)
})

test('on a screen of 1280 px a price that was set shows what it does, however long its names are', async ({
  page,
  stack,
}) => {
  await overstock(stack)
  await stack.sql`update ref.products set name = 'Schowalter serving dish of oak'`
  await stack.sql`update ref.stores set name = 'Manchester Piccadilly Gardens' where store = ${berlin.id}`
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto('/restock?view=prices')
  await expect(live(page)).toBeVisible()
  await iAm(page, 'Ada, buyer')
  await page.getByRole('button', { name: /^Set a price for Schowalter/ }).click()
  await page.getByRole('button', { name: 'Set this price' }).click()
  const row = card(page, /^Prices that were set/)
    .first()
    .getByRole('row', { name: /Schowalter/ })
  await expect(row).toContainText('holds')
  await stack.tills.sell({ store: berlin, id: 'after', units: 40, unitPrice: '7.50', skus: ['tea'] })
  await expect(row).toContainText('40 of')
  await stack.run('jobs/main.ts', ['run', 'price_hints'])
  await expect(row).toContainText('40 by night')
  await expect(row.getByText('more than expected')).toBeInViewport({ ratio: 1 })
  await expect(row.getByRole('button')).toBeInViewport({ ratio: 1 })
  for (const title of [/^Prices that were set/, /^Prices that would clear what/]) {
    const scrolling = page.getByRole('region', { name: title }).last()
    await expect.poll(() => scrolling.evaluate(element => element.scrollWidth - element.clientWidth)).toBe(0)
  }
})

test('what sells out is told with the price that would help, from the stream alone', async ({
  page,
  stack,
}) => {
  await overstock(stack)
  await stack.sql`
    insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
    values (${berlin.id}, 'tea', now() - interval '1 hour', 'average', array_fill(24::float8, array[7]), 5, 28)`
  const response = await fetch(`${stack.url}/api/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ source: 'stock', id: 'count', type: 'stock.counted', store: berlin.id },
      ...{ eventTime: new Date().toISOString(), lines: [{ sku: 'tea', units: 30 }] },
    }),
  })
  expect(await response.json()).toMatchObject({ accepted: 1 })
  await stack.tills.sell({ store: berlin, id: 'rush', units: 20, unitPrice: '10', skus: ['tea'] })
  await page.goto('/restock?view=prices')
  await expect(live(page)).toBeVisible()
  const row = card(page, /^Prices that help now/)
    .first()
    .getByRole('row', { name: TEA })
  await expect(row).toContainText('Sells out')
  await expect(row).toContainText('11.50 EUR +15%')
  await row.getByRole('button', { name: 'Set a price for Green tea in Berlin Mitte' }).click()
  await expect(page.getByRole('dialog', { name: /A price for Green tea/ })).toContainText(
    'gone before the next delivery',
  )
})

test('prices are accessible in both themes and fit a phone', async ({ page, stack }) => {
  await overstock(stack)
  await page.setViewportSize({ width: 360, height: 740 })
  await page.goto('/restock?view=prices')
  await page.getByRole('button', { name: 'Set a price for Green tea in Berlin Mitte' }).click()
  const dialog = page.getByRole('dialog', { name: /A price for Green tea/ })
  await expect(dialog.getByRole('row', { name: /Units a day/ })).toBeVisible()
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  await page.keyboard.press('Escape')
  await expect(dialog).toHaveCount(0)
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  expect(await sidewaysOverflow(page)).toBe(0)
})
