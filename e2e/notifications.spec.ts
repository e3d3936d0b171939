import type { Page } from '@playwright/test'
import { Webhook } from 'standardwebhooks'
import { openReceiver } from '#server/notify/testing/receivers.ts'
import {
  begun,
  card,
  holdNotifications,
  live,
  notifications,
  seriousViolationsInBothThemes,
  sidewaysOverflow,
} from './dashboard.ts'
import { count, orderAtFive } from './stack/stock-room.ts'
import { expect, test } from './stack/test.ts'

/** Two alerts have popped up, and are dismissed one by one. */
async function dismissBoth(page: Page, products: readonly string[]): Promise<void> {
  await expect(notifications(page)).toHaveCount(2)
  await notifications(page).first().hover()
  for (const product of products)
    await expect(notifications(page).filter({ hasText: `Out of stock: ${product}` })).toHaveCount(1)
  for (const left of [1, 0]) {
    await notifications(page).first().getByRole('button', { name: 'Dismiss' }).click()
    await expect(notifications(page)).toHaveCount(left)
  }
}

test.beforeEach(async ({ stack }) => {
  await stack.sql`
    insert into ref.products (sku, name, category)
    values ('tea', 'Green tea', 'Tea'), ('cup', 'Cup', 'Cups'), ('pan', 'Pan', 'Pans')`
  await orderAtFive(stack)
})

test('what was raised while the dashboard was killed pops up once when it is back, in every browser, and not again', async ({
  page,
  browser,
  stack,
}) => {
  const other = await (await browser.newContext({ baseURL: stack.url })).newPage()
  for (const one of [page, other]) {
    await holdNotifications(one)
    await one.goto('/')
    await expect(live(one)).toBeVisible()
    await begun(one)
  }
  await stack.stop('web', 'by kill')
  await count(stack, { tea: 0 })
  await count(stack, { cup: 0 })
  await stack.start('web')
  // At once in both: what pops up goes by itself where no pointer lies on it.
  await Promise.all([page, other].map(one => dismissBoth(one, ['Green tea', 'Cup'])))
  // Another page of the same browser shows what comes, nothing that was shown.
  await stack.stop('web')
  await stack.start('web')
  const second = await page.context().newPage()
  await holdNotifications(second)
  await second.goto('/restock')
  await expect(live(second)).toBeVisible()
  await expect(live(page)).toBeVisible()
  await count(stack, { pan: 0 })
  await expect(notifications(other)).toContainText('Out of stock: Pan')
  await expect
    .poll(async () => (await notifications(page).count()) + (await notifications(second).count()))
    .toBe(1)
  await page.reload()
  await expect(page.getByRole('link', { name: 'Restock 3 open alerts' })).toBeVisible()
  await expect(notifications(page).filter({ hasText: 'Green tea' })).toHaveCount(0)
  await other.context().close()
})

test('a mail of each alert lies in the outbox where there is no mail server, and the log says what came of it', async ({
  page,
  stack,
}) => {
  await page.goto('/notifications')
  await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
  await page.getByRole('button', { name: 'Add a subscription' }).click()
  const form = page.getByRole('dialog', { name: 'A subscription' })
  await expect(form).toContainText('This installation has no mail server')
  await form.getByRole('textbox', { name: 'Address' }).fill('ada@shop.example')
  await form.getByRole('button', { name: 'Categories: All categories' }).click()
  await page.getByRole('checkbox', { name: 'Tea', exact: true }).click()
  await page.keyboard.press('Escape')
  await form.getByRole('button', { name: 'Add', exact: true }).click()
  await form.getByRole('button', { name: 'Close', exact: true }).last().click()
  const row = page
    .getByRole('list', { name: 'Subscriptions' })
    .getByRole('listitem')
    .filter({ hasText: 'ada@shop.example' })
  await expect(row).toContainText('All alerts, of Tea; at once.')
  await expect(row).toContainText('nothing told yet')

  await row.getByRole('button', { name: /^Send a test/ }).click()
  await expect(row).toContainText('A test is on its way')
  await count(stack, { tea: 0, cup: 0 })
  await page.getByRole('button', { name: 'Outbox', exact: true }).click()
  const mails = page.getByRole('list', { name: 'Mails' }).getByRole('listitem')
  await expect(mails).toHaveCount(2)
  await expect(mails.filter({ hasText: 'Critical: Out of stock: Green tea' })).toContainText(
    'To ada@shop.example',
  )
  await expect(mails.filter({ hasText: 'A test of your notifications' })).toHaveCount(1)

  await page.getByRole('button', { name: 'Deliveries', exact: true }).click()
  const mail = card(page, 'Deliveries')
    .first()
    .getByRole('row', { name: /Green tea E-mail/ })
  await expect(mail).toContainText('delivered')
  await expect(mail).toContainText('kept in the outbox')
  await mail.getByRole('button', { name: /Green tea/ }).click()
  const detail = page.getByRole('dialog', { name: /^Delivery \d+/ })
  await expect(detail.getByRole('region', { name: 'Mail' })).toContainText('0 on hand')
  // Its place is in the address.
  await expect(page).toHaveURL(/delivery=\d/)
  await page.reload()
  await expect(detail.getByRole('region', { name: 'Attempts' })).toContainText('kept in the outbox')
})

test('a webhook of a private network is refused with the reason, and nothing is made', async ({ page }) => {
  await page.goto('/notifications')
  await page.getByRole('button', { name: 'Add a subscription' }).click()
  const form = page.getByRole('dialog', { name: 'A subscription' })
  await form.getByRole('combobox', { name: 'Way' }).selectOption('webhook')
  await form.getByRole('textbox', { name: 'Address, https://' }).fill('https://169.254.169.254/latest')
  await form.getByRole('button', { name: 'Add', exact: true }).click()
  await expect(form).toContainText('169.254.169.254 lies in a private network')
  await form.getByRole('textbox', { name: 'Address, https://' }).fill('https://hooks.example.com/tillstream')
  await form.getByRole('button', { name: 'Add', exact: true }).click()
  await expect(form).toContainText('whsec_')
  await form.getByRole('button', { name: 'Close', exact: true }).last().click()
  const rows = page.getByRole('list', { name: 'Subscriptions' }).getByRole('listitem')
  await expect(rows).toHaveCount(2)
  await rows
    .last()
    .getByRole('button', { name: /^Change/ })
    .click()
  await page.getByRole('button', { name: 'Remove the subscription' }).click()
  await expect(rows).toHaveCount(1)
})

test('a webhook that was under way as the dashboard was killed goes again under its id, and once it is taken no more', async ({
  page,
  stack,
}) => {
  const receiver = await openReceiver()
  receiver.answers.push('hang')
  await page.goto('/notifications')
  await page.getByRole('button', { name: 'Add a subscription' }).click()
  const form = page.getByRole('dialog', { name: 'A subscription' })
  await form.getByRole('combobox', { name: 'Way' }).selectOption('webhook')
  await form.getByRole('textbox', { name: 'Address, https://' }).fill(`${receiver.url}/hook`)
  await form.getByRole('button', { name: 'Add', exact: true }).click()
  const secret = (await form.getByText('whsec_').textContent()) ?? ''
  await form.getByRole('button', { name: 'Close', exact: true }).last().click()
  await count(stack, { tea: 0 })
  await expect.poll(() => receiver.calls.length).toBe(1)
  await stack.stop('web', 'by kill')
  await stack.start('web')
  // Whoever was killed holds it for a minute and a half: that it is over.
  await stack.sql`update notify.deliveries set next_attempt_at = clock_timestamp() where way = 'webhook'`
  await expect.poll(() => receiver.calls.length).toBe(2)
  for (const { body, headers } of receiver.calls) {
    const verified = new Webhook(secret).verify(body, headers as Record<string, string>)
    expect(verified).toMatchObject({ data: { alerts: [{ title: 'Out of stock: Green tea' }] } })
  }
  expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1)

  await page.goto('/notifications?view=deliveries')
  const row = card(page, 'Deliveries')
    .first()
    .getByRole('row', { name: /Green tea Webhook/ })
  await expect(row).toContainText('answered 200')
  await expect(row.getByRole('cell').nth(4)).toHaveText('2')
  await count(stack, { cup: 0 })
  await expect.poll(() => receiver.calls.length).toBe(3)
  expect(String(receiver.calls[2]?.body)).not.toContain('Green tea')
  await receiver.close()
})

test('a browser that was allowed to notifies of what comes, and of what is pushed to it', async ({
  page,
  context,
  stack,
}) => {
  await context.grantPermissions(['notifications'], { origin: stack.url })
  await page.goto('/notifications')
  await expect(page.getByText('This browser shows notifications of these pages.')).toBeVisible()
  await page.getByRole('button', { name: 'Notify me while a page is open' }).click()
  await expect(
    page.getByRole('listitem').filter({ hasText: 'Notification of the browser: everybody' }),
  ).toBeVisible()
  await begun(page)
  await count(stack, { tea: 0 })
  const shown = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration()
      const notifications = (await registration?.getNotifications()) ?? []
      return notifications.map(({ title, body, data }) => ({ title, body, href: data.href }))
    })
  const told = {
    title: 'Out of stock: Green tea',
    body: 'Berlin Mitte, 0 on hand, 0 on order',
    href: '/restock',
  }
  await expect.poll(shown).toEqual([told])

  // As a push service hands it to the browser; one that comes twice is shown once.
  const devtools = await context.newCDPSession(page)
  const registered = new Promise<string>(resolve => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const { registrationId } of registrations) resolve(registrationId)
    })
  })
  await devtools.send('ServiceWorker.enable')
  const push = {
    origin: stack.url,
    registrationId: await registered,
    data: JSON.stringify({ title: '3 new alerts', body: '3 low', href: '/restock', tag: 'delivery-7' }),
  }
  for (let time = 0; time < 2; time += 1) await devtools.send('ServiceWorker.deliverPushMessage', push)
  await expect.poll(shown).toContainEqual({ title: '3 new alerts', body: '3 low', href: '/restock' })
  expect(await shown()).toHaveLength(2)
})

test('Notifications is accessible in every part and both themes, and nothing scrolls sideways at 360 px', async ({
  page,
  stack,
}) => {
  await holdNotifications(page)
  await page.goto('/notifications')
  await expect(page.getByRole('heading', { name: 'On these pages: everybody' })).toBeVisible()
  await begun(page)
  await count(stack, { tea: 0 })
  await expect(notifications(page)).toContainText('Green tea')
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  await notifications(page).getByRole('button', { name: 'Dismiss' }).click()
  await expect(notifications(page)).toHaveCount(0)
  for (const width of [1_440, 360]) {
    await page.setViewportSize({ width, height: 800 })
    for (const view of ['Told here', 'Deliveries', 'Outbox', 'Who is told']) {
      await page.getByRole('button', { name: view, exact: true }).click()
      await expect(page.getByText('Loading', { exact: true })).toHaveCount(0)
      expect(await seriousViolationsInBothThemes(page)).toEqual([])
      expect(await sidewaysOverflow(page)).toBe(0)
    }
    await page.getByRole('button', { name: 'Add a subscription' }).click()
    const form = page.getByRole('dialog', { name: 'A subscription' })
    await form.getByRole('checkbox', { name: 'Quiet hours' }).click()
    await expect(form.getByRole('textbox', { name: 'By the clocks of' })).toBeVisible()
    expect(await seriousViolationsInBothThemes(page)).toEqual([])
    expect(await sidewaysOverflow(page)).toBe(0)
    await page.keyboard.press('Escape')
    await expect(form).toBeHidden()
  }
})
