import { berlin } from '#domain/testing/stores.ts'
import { card, figure, live, seriousViolations, sidewaysOverflow } from './dashboard.ts'
import { alive } from './stack/alive.ts'
import { expect, test } from './stack/test.ts'

for (const theme of ['light', 'dark'] as const) {
  test(`in the ${theme} theme the page is as the system says from the first paint, and accessible in every state`, async ({
    page,
    stack,
  }) => {
    await page.emulateMedia({ colorScheme: theme })
    await page.goto('/')
    await expect(page.getByText('The log is empty.')).toBeVisible()
    expect(await seriousViolations(page)).toEqual([])

    await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
    await expect(figure(page, 'Net sales').stream).toHaveText('10.00')
    await page.reload({ waitUntil: 'commit' })
    await expect(page.locator('html')).toHaveAttribute('data-theme', theme)
    await expect(card(page, 'Live sales').getByRole('listitem')).toHaveCount(1)
    await alive(page)
    expect(await seriousViolations(page)).toEqual([])

    await page.getByRole('button', { name: 'Definition and basis of Net sales', exact: true }).click()
    await expect(page.getByRole('dialog')).toContainText('Watermark')
    expect(await seriousViolations(page)).toEqual([])
    await page.keyboard.press('Escape')
    for (const button of await page.getByRole('button', { name: 'Show the table' }).all())
      await button.click()
    await page.getByRole('button', { name: 'All stores' }).click()
    await expect(page.getByRole('checkbox', { name: /Lisboa/ })).toBeVisible()
    expect(await seriousViolations(page)).toEqual([])
  })
}

test('on a phone of 360 px nothing scrolls sideways, and the menu holds pages and theme', async ({
  page,
  stack,
}) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.goto('/')
  await expect(page.getByText('The log is empty.')).toBeVisible()
  expect(await sidewaysOverflow(page)).toBe(0)

  await stack.tills.sell({ store: berlin, id: 'a-1', units: 900, unitPrice: '98765.4321' })
  await expect(figure(page, 'Net sales').stream).toHaveText('88,888,888.89')
  expect(await sidewaysOverflow(page)).toBe(0)
  for (const button of await page.getByRole('button', { name: 'Show the table' }).all()) await button.click()
  expect(await sidewaysOverflow(page)).toBe(0)

  await page.getByRole('button', { name: 'Menu' }).click()
  const menu = page.getByRole('dialog', { name: 'Menu' })
  await expect(menu.getByRole('link', { name: 'Side by side' })).toHaveAttribute('aria-current', 'page')
  await menu.getByRole('button', { name: 'Dark' }).click()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  expect(await seriousViolations(page)).toEqual([])
})

test('the keyboard alone reaches the content, the days and back', async ({ page, stack }) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/')
  // Until a path has read the sale the page says so, without days to choose; and keys work once it is alive.
  await expect(figure(page, 'Net sales').stream).toHaveText('10.00')
  await expect(live(page)).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main')).toBeFocused()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog')).toContainText('One business day.')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
})
