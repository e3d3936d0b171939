import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { DAY_MS } from '#domain/instant.ts'
import { berlin, lisboa } from '#domain/testing/stores.ts'
import { card, seriousViolations, seriousViolationsInBothThemes, sidewaysOverflow } from './dashboard.ts'
import type { Stack } from './stack/stack.ts'
import { send } from './stack/stock-room.ts'
import { expect, test } from './stack/test.ts'

const TABS = ['Sales', 'Inventory', 'Products', 'Returns', 'Reviews']

test('before the first run the reports say when it comes; then all tabs have figures', async ({
  page,
  stack,
}) => {
  await sell(stack)
  await page.goto('/reports')
  await expect(card(page, /^Sales by day EUR$/)).toContainText('No batch run has computed these days yet')
  await expect(card(page, /^Sales by day EUR$/)).toContainText('npm start -- jobs')
  expect(await seriousViolations(page)).toEqual([])

  const { to } = await computeAll(stack)
  // By themselves, without a reload.
  await expect(total(page, 'Net sales')).toHaveText('42.50')
  await expect(total(page, 'Orders')).toHaveText('4')

  for (const name of TABS) {
    await page.getByRole('navigation', { name: 'Reports' }).getByRole('link', { name }).click()
    await expect(page).toHaveURL(name === 'Sales' ? /\/reports/ : new RegExp(`report=${name.toLowerCase()}`))
    await expect(page.getByText('Loading')).toHaveCount(0)
    await expect(page.getByRole('alert').filter({ hasText: /\w/ })).toHaveCount(0)
  }
  await page.goBack()
  await expect(page).toHaveURL(/report=returns/)
  await expect(total(page, 'Returns')).toHaveText('2.50')

  await page.goto(`/reports?from=${to}&to=${to}&compare=before`)
  await expect(page.getByText(/compared with .*, the day before/)).toBeVisible()
  await expect(card(page, /^Net sales/)).toContainText('against the period before')
})

test('tables are sorted and searched, their files hold what they show, and the stream is one link away', async ({
  page,
  stack,
}) => {
  await sell(stack)
  const { from, to } = await computeAll(stack)
  await page.goto(`/reports?report=products&from=${from}&to=${to}&compare=none`)
  const products = card(page, /^Products EUR$/)
  const rows = products.getByRole('table').locator('tbody').getByRole('row')
  await expect(rows).toHaveText([/85123A/])
  await products.getByRole('button', { name: 'Units', exact: true }).click()
  await expect(page).toHaveURL(/sort=-units/)
  await expect(products.getByRole('columnheader', { name: 'Units', exact: true })).toHaveAttribute(
    'aria-sort',
    'descending',
  )
  await products.getByRole('searchbox').fill('nothing like it')
  await products.getByRole('searchbox').press('Enter')
  await expect(products).toContainText('Nothing in these days, stores and filters.')

  await page.goto(`/reports?from=${from}&to=${to}&compare=none&order=key`)
  const days = card(page, /^Sales by day EUR$/)
  await days.getByRole('button', { name: 'Show the table' }).click()
  const dayRows = days.getByRole('table').locator('tbody').getByRole('row')
  await expect(dayRows.last()).toContainText('so far')
  const file = await download(page, days.getByRole('link', { name: /all rows as CSV/ }))
  expect(file.name).toBe(`tillstream-sales-by-day-${from}-to-${to}-EUR.csv`)
  const lines = file.text.trim().split('\r\n')
  expect(lines[0]).toContain('business_day,currency,orders,units,gross,discounts,returns,net,')
  expect(lines).toHaveLength(1 + (await dayRows.count()))
  expect(lines.at(-1)).toContain(`${to},EUR,`)

  await page.getByRole('link', { name: 'Compare with stream' }).click()
  await expect(page).toHaveURL(new RegExp(`/\\?from=${from}&to=${to}&currency=EUR`))
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/Side by side|Today so far/)
})

test('weeks and months are whole, one store can be chosen, and the address keeps all of it', async ({
  page,
  stack,
}) => {
  await sell(stack)
  await computeAll(stack)
  await page.goto('/reports')
  await page.getByRole('button', { name: 'Week' }).click()
  await expect(page.getByText(/^Whole weeks, Monday to Sunday,/)).toBeVisible()
  await expect(page).toHaveURL(/grain=week/)
  await page.getByRole('button', { name: 'Day', exact: true }).click()
  await page.getByRole('button', { name: 'All stores' }).click()
  await page.getByRole('checkbox', { name: /Lisboa/ }).click()
  await page.keyboard.press('Escape')
  await expect(total(page, 'Orders')).toHaveText('1')
  await page.getByRole('combobox', { name: 'Compare with' }).click()
  await page.getByRole('option', { name: 'A year earlier' }).click()
  await expect(
    page.getByText(/the same weekdays 52 weeks earlier.*a year earlier has 0 of \d+ days on file/),
  ).toBeVisible()
  // The page shows what was chosen before its address says so.
  await expect(page).toHaveURL(/compare=year/)
  await page.reload()
  await expect(total(page, 'Orders')).toHaveText('1')
  await expect(page.getByRole('button', { name: 'Lisboa Baixa' })).toBeVisible()
})

test('nothing is said of days that nobody knows: no verdict, no percentage, no stock', async ({
  page,
  stack,
}) => {
  await sell(stack)
  const { from, to } = await computeAll(stack)
  await page.goto('/reports?from=2020-01-01&to=2020-01-03&compare=before')
  await expect(page.getByText('Nothing is on file of these days and stores.').first()).toBeVisible()
  await expect(page.getByText(/is closed/)).toHaveCount(0)

  // The day before the first: of two stores neither had begun.
  await page.goto(`/reports?from=${from}&to=${from}&compare=before`)
  await expect(
    page.getByText(/No change is told: the period before has 0 of 2 store-days on file\./),
  ).toBeVisible()
  await expect(card(page, /^Net sales/)).not.toContainText('%')
  await expect(card(page, /^Net sales/)).toContainText('0 of 2 store-days on file')

  // Today against as much of yesterday as has passed of today.
  await page.goto(`/reports?from=${to}&to=${to}&compare=before`)
  await expect(page.getByText(/the day before, as far as these days have gone, store by store/)).toBeVisible()

  await page.goto(`/reports?report=inventory&from=${from}&to=${to}`)
  await expect(page.getByText('Stock is unknown.').first()).toBeVisible()
  await expect(page.getByText(/No batch run has computed/)).toHaveCount(0)
})

test('a missing exchange rate is named, leaves its figures blank, and once it is given they are there', async ({
  page,
  stack,
}) => {
  await sell(stack)
  await stack.run('server/intake/rates/main.ts', ['currency', 'USD'])
  const { from, to } = await computeAll(stack)
  const address = `/reports?from=${from}&to=${to}&currency=all&compare=none`
  await page.goto(address)
  await expect(page.getByRole('note')).toContainText('No exchange rate EUR → USD')
  await expect(total(page, 'Net sales')).toHaveText('–')
  await expect(total(page, 'Orders')).toHaveText('4')
  await page.getByRole('navigation', { name: 'Reports' }).getByRole('link', { name: 'Products' }).click()
  // Of all currencies still, not of one in their place.
  await expect(card(page, /^Products USD$/)).toBeVisible()
  await expect(page.getByRole('note')).toContainText('No exchange rate EUR → USD')

  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-rates-'))
  const file = path.join(folder, 'rates.csv')
  await writeFile(file, 'currency,validFrom,rate\nEUR,2020-01-01,1.1\n')
  await stack.run('server/intake/rates/main.ts', ['add', file])
  await rm(folder, { recursive: true })
  await stack.runBatch(from, to)
  await page.goto(address)
  await expect(total(page, 'Net sales')).toHaveText('46.75')
  await expect(page.getByRole('note')).toHaveCount(0)
})

test('every report is accessible in both themes, and nothing scrolls sideways at 1,280 and 360 px', async ({
  page,
  stack,
}) => {
  const eventTime = new Date(Date.now() - DAY_MS).toISOString()
  const lines = [{ sku: '85123A', units: 30 }]
  await send(stack, { id: 'counted', type: 'stock.counted', eventTime, lines })
  await sell(stack)
  const { from, to } = await computeAll(stack)
  for (const name of TABS) {
    const address = `/reports?report=${name.toLowerCase()}&from=${from}&to=${to}`
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.goto(address)
    await expect(page.getByText('Loading')).toHaveCount(0)
    expect(await seriousViolationsInBothThemes(page)).toEqual([])
    await page.setViewportSize({ width: 1280, height: 800 })
    // Those of the most columns are in sight whole.
    if (name === 'Sales' || name === 'Inventory') await expect.poll(() => overflowOfTables(page)).toEqual([0])
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await sidewaysOverflow(page)).toBe(0)
    for (const button of await page.getByRole('button', { name: 'Show the table' }).all()) {
      await button.click()
    }
    expect(await sidewaysOverflow(page)).toBe(0)
  }
})

/** By how much each table is wider than its card, in px. */
function overflowOfTables(page: Page): Promise<number[]> {
  return page
    .locator('[role=region]:has(> table)')
    .evaluateAll(all => all.map(each => each.scrollWidth - each.clientWidth))
}

/** Sales of yesterday and today, and goods brought back. */
async function sell(stack: Stack): Promise<void> {
  const yesterday = Date.now() - DAY_MS
  await stack.tills.sell(
    { store: berlin, id: 'a-1', at: yesterday, units: 2, unitPrice: '5.00' },
    { store: berlin, id: 'a-2', at: yesterday, unitPrice: '10.00' },
    { store: lisboa, id: 'b-1', at: yesterday, unitPrice: '20.00' },
    { store: berlin, id: 'a-3', unitPrice: '5.00' },
  )
  await stack.tills.takeBack({ store: berlin, id: 'a-4', unitPrice: '0', refund: '2.50' })
}

/** Runs the batch path over the days that were sold on. */
async function computeAll(stack: Stack): Promise<{ from: string; to: string }> {
  await expect
    .poll(async () => {
      const [row] = await stack.sql<
        { orders: number }[]
      >`select sum(orders)::int4 as orders from stream.windows`
      return row?.orders
    })
    .toBe(4)
  const [days] = await stack.sql<{ from: string; to: string }[]>`
    select min(business_day) as from, max(business_day) as to from stream.windows`
  if (!days) throw new Error('The stream has no window yet')
  await stack.runBatch(days.from, days.to)
  return days
}

function total(page: Page, title: string): Locator {
  return card(page, new RegExp(`^${title}( [A-Z]{3})?$`))
    .getByRole('definition')
    .first()
}

async function download(page: Page, link: Locator): Promise<{ name: string; text: string }> {
  const started = page.waitForEvent('download')
  await link.click()
  const file = await started
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') }
}
