import { berlin, lisboa, tokyo } from '#domain/testing/stores.ts'
import { card, figure } from './dashboard.ts'
import { expect, test } from './stack/test.ts'

test('an empty log says how to fill it, and its first sale shows without a reload', async ({
  page,
  stack,
}) => {
  await page.goto('/')
  await expect(page.getByText('The log is empty.')).toBeVisible()
  await expect(page.getByText('npm run demo')).toBeVisible()
  await expect(page.getByText(`curl ${stack.url}/api/v1/events`)).toBeVisible()

  await stack.tills.sell({ store: berlin, id: 'a-1', units: 2, unitPrice: '2.555' })
  await expect(figure(page, 'Net sales').stream).toHaveText('5.11')
  await expect(figure(page, 'Orders').stream).toHaveText('1')
  await expect(figure(page, 'Units').stream).toHaveText('2')
})

test.describe('without any store', () => {
  test.use({ installation: { stores: [] } })
  test('the page says how to make stores known', async ({ page }) => {
    await page.goto('/')
    await expect(page.getByText('No store is known yet.')).toBeVisible()
    await expect(page.getByText('npm run stores -- add')).toBeVisible()
  })

  test('files dropped one by one fill the page as they come, each with its own day', async ({
    page,
    stack,
  }) => {
    const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
    await page.goto('/')
    await expect(page.getByText('The log is empty.')).toBeVisible()

    const first = '536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom'
    await stack.drop('uci-online-retail', '2010-12-01.csv', `${header}\n${first}\n`)
    await expect(figure(page, 'Net sales').stream).toHaveText('15.30')
    await expect(page.getByRole('button', { name: 'Wed 1 Dec 2010' })).toBeVisible()

    await page.goto('/?from=2010-12-01&to=2010-12-02')
    await expect(figure(page, 'Orders').stream).toHaveText('1')
    const second = '536600,22423,REGENCY CAKESTAND,2,2010-12-02 09:41:00,12.75,13047.0,United Kingdom'
    await stack.drop('uci-online-retail', '2010-12-02.csv', `${header}\n${second}\n`)
    await expect(figure(page, 'Orders').stream).toHaveText('2')
    await expect(figure(page, 'Net sales').stream).toHaveText('40.80')
    await expect(card(page, 'Live sales')).toContainText('file 2 Dec 2010')
    await expect(card(page, 'Live sales').getByTitle(/Thu 2 Dec 2010/)).toHaveCount(1)
  })
})

test('sales that tills send fill the figures, the feed and the minutes as they come', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).toHaveText('10.00')
  await expect(figure(page, 'Net sales').batch).toHaveText('–')

  await stack.tills.sell(
    { store: berlin, id: 'a-2', units: 3, unitPrice: '1.25' },
    { store: lisboa, id: 'b-1', unitPrice: '20.50' },
  )
  await stack.tills.takeBack({ store: lisboa, id: 'b-2', unitPrice: '0', refund: '4.25' })

  await expect(figure(page, 'Net sales').stream).toHaveText('30.00')
  await expect(figure(page, 'Orders').stream).toHaveText('3')
  await expect(figure(page, 'Returns').stream).toHaveText('4.25')
  const feed = card(page, 'Live sales').getByRole('listitem')
  await expect(feed).toHaveCount(4)
  await expect(feed.filter({ hasText: 'Return, Lisboa Baixa' })).toContainText('−4.25')

  const minutes = card(page, /by minute/)
  await minutes.getByRole('button', { name: 'Show the table' }).click()
  await expect(minutes.getByRole('row').filter({ hasText: 'open' }).first()).toBeVisible()
})

test('a batch run brings the other side, and what came after it is explained to the event', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).toHaveText('10.00')

  const day = await newestBusinessDay(stack.sql)
  await stack.runBatch(day, day)
  await expect(figure(page, 'Net sales').batch).toHaveText('10.00')
  await expect(figure(page, 'Net sales').difference).toHaveText('0.00')

  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '2.50' })
  await expect(figure(page, 'Net sales').difference).toHaveText('+2.50')
  await expect(card(page, /^Net sales EUR$/)).toContainText('all explained')

  const why = card(page, /Why net sales differ/)
  const arrived = why.getByRole('row', { name: /Arrived after the batch read the log/ })
  await expect(arrived).toContainText('+2.50')
  await expect(why.getByRole('row', { name: /Unexplained/ })).toContainText('0.00')
  await arrived.getByRole('button', { name: /events: show them/ }).click()
  const events = page.getByRole('dialog')
  await expect(events.getByRole('row').filter({ hasText: 'till-berlin-mitte a-2' })).toContainText('+2.50')
})

test('a cent that nobody can explain is shown as such, in figure and explanation', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).toHaveText('10.00')
  const day = await newestBusinessDay(stack.sql)
  await stack.runBatch(day, day)
  await expect(card(page, /^Net sales EUR$/)).toContainText('all explained')

  // A row of the live table that says something else than the log.
  await stack.sql`update stream.windows set gross = gross + 100`
  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '2.50' })
  await expect(card(page, /^Net sales EUR$/)).toContainText('0.01 unexplained')
  await expect(card(page, /^Orders$/)).toContainText('all explained')
  const why = card(page, /Why net sales differ/)
  await expect(why.getByRole('row', { name: /Unexplained/ })).toContainText('0.01')
  await expect(why.getByRole('row', { name: /Arrived after/ })).toContainText('+2.50')
})

test.describe('with stores of two currencies', () => {
  test.use({ installation: { stores: [berlin, tokyo] } })
  test('an address names days, stores and currency, and amounts of two currencies are never added', async ({
    page,
    stack,
  }) => {
    const yesterday = Date.now() - 26 * 3_600_000
    await stack.tills.sell(
      { store: berlin, id: 'a-0', at: yesterday, unitPrice: '7.00' },
      { store: berlin, id: 'a-1', unitPrice: '10.00' },
      { store: tokyo, id: 't-1', unitPrice: '810' },
    )
    await page.goto('/')
    await expect(figure(page, 'Net sales').stream).toHaveText('10.00')

    await page.getByRole('combobox', { name: 'Currency' }).click()
    await page.getByRole('option', { name: 'JPY' }).click()
    await expect(page).toHaveURL(/currency=JPY/)
    await expect(figure(page, 'Net sales').stream).toHaveText('810')

    const today = await newestBusinessDay(stack.sql)
    await page.goto(`/?from=2026-01-01&to=${today}&store=berlin-mitte&metric=orders`)
    await expect(figure(page, 'Net sales').stream).toHaveText('17.00')
    await expect(card(page, 'Orders by day')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Berlin Mitte' })).toBeVisible()
  })
})

test('a paused feed stands still and says how many sales have passed', async ({ page, stack }) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '1.00' })
  await page.goto('/')
  const feed = card(page, 'Live sales')
  await expect(feed.getByRole('listitem')).toHaveCount(1)
  await feed.getByRole('button', { name: 'Pause' }).click()
  await stack.tills.sell(
    { store: berlin, id: 'a-2', unitPrice: '2.00' },
    { store: berlin, id: 'a-3', unitPrice: '3.00' },
  )
  await expect(feed.getByRole('button', { name: 'Resume, 2 new' })).toBeVisible()
  await expect(feed.getByRole('listitem')).toHaveCount(1)
  await feed.getByRole('button', { name: /Resume/ }).click()
  await expect(feed.getByRole('listitem')).toHaveCount(3)
})

async function newestBusinessDay(sql: import('#db/client.ts').Sql): Promise<string> {
  const [row] = await sql<{ day: string }[]>`select max(business_day) as day from stream.windows`
  if (!row) throw new Error('The stream has no window yet')
  return row.day
}
