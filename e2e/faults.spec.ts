import { berlin } from '#domain/testing/stores.ts'
import { card, figure, live } from './dashboard.ts'
import { expect, test } from './stack/test.ts'

test('with the database away the page says so, and goes on by itself when it is back', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await stack.dashboardDatabase.cut()
  // A chart of what this browser has seen says so as well, which has nothing to draw.
  await page.goto('/pipeline')
  await expect(card(page, /^Not read yet/)).toContainText('The database could not answer.')
  await page.goto('/')
  await expect(page.getByText('The database could not answer.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Try again' }).first()).toBeVisible()

  await stack.dashboardDatabase.mend()
  await expect(figure(page, 'Net sales').stream).toHaveText('10.00')
})

test('figures stay, and say that they are not refreshed, when the database goes away under the page', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).toHaveText('10.00')
  await stack.dashboardDatabase.cut()
  await expect(card(page, 'Freshness')).toContainText('Not refreshed: The database could not answer.')
  await expect(figure(page, 'Net sales').stream).toHaveText('10.00')
  await stack.dashboardDatabase.mend()
  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '5.00' })
  await expect(figure(page, 'Net sales').stream).toHaveText('15.00')
  await expect(card(page, 'Freshness')).not.toContainText('Not refreshed')
})

test('after the dashboard was killed and started again the page shows what it missed, each sale once', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/')
  const feed = card(page, 'Live sales').getByRole('listitem')
  await expect(feed).toHaveCount(1)
  await expect(live(page)).toBeVisible()

  await stack.stop('web', 'by kill')
  // For some seconds that it reconnects, then what else fails.
  await expect(
    page
      .getByRole('status')
      .filter({ hasText: /Reconnecting|server of this page did not answer/ })
      .first(),
  ).toBeVisible()
  await stack.tills.sell(
    { store: berlin, id: 'a-2', unitPrice: '2.00' },
    { store: berlin, id: 'a-3', unitPrice: '3.00' },
  )
  await stack.start('web')

  await expect(live(page)).toBeVisible()
  await expect(feed).toHaveCount(3)
  await expect(figure(page, 'Net sales').stream).toHaveText('15.00')
})

test('a part of the page that is loaded later comes once the server is back, and the rest stays', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/')
  await expect(live(page)).toBeVisible()
  // The calendar is such a part.
  await page.route('**/_next/static/chunks/**', route => route.abort('connectionrefused'))
  const refused = page.waitForEvent('requestfailed')
  await page.getByRole('button', { name: /20\d\d$/ }).click()
  await refused
  await expect(figure(page, 'Net sales').stream).toHaveText('10.00')
  await page.unroute('**/_next/static/chunks/**')
  await expect(page.getByRole('dialog').getByRole('grid')).toBeVisible()
})
