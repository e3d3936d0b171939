import { berlin } from '#domain/testing/stores.ts'
import { live, seriousViolations, sidewaysOverflow } from './dashboard.ts'
import { expect, test } from './stack/test.ts'

test('an installation of one’s own opens no tour by itself; the navigation begins it, and keys walk through it', async ({
  page,
}) => {
  await page.goto('/restock')
  await expect(live(page)).toBeVisible()
  const tour = page.getByRole('dialog')
  await expect(tour).toHaveCount(0)

  await page.getByRole('button', { name: 'Guided tour' }).click()
  await expect(tour).toContainText('Tour, 1 of 6')
  await expect(page).toHaveURL(/\/$/)
  await expect(tour.getByRole('button', { name: 'Next' })).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(tour).toContainText('Stream: now, and revised')
  await expect(page).toHaveURL(/\/live$/)
  await page.keyboard.press('ArrowLeft')
  await expect(tour).toContainText('Tour, 1 of 6')
  await page.keyboard.press('Escape')
  await expect(tour).toHaveCount(0)
})

test.describe('in the demo', () => {
  test.use({ installation: { stores: [berlin], demoNote: 'A demo of the browser tests.' } })
  test('the first visit opens the tour, over the page and not in it, and the second does not', async ({
    page,
  }) => {
    const errors: string[] = []
    page.on('pageerror', error => errors.push(String(error)))
    await page.setViewportSize({ width: 360, height: 740 })
    await page.goto('/live')
    const heading = page.getByRole('heading', { name: 'Live', level: 1 })
    const tour = page.getByRole('dialog')
    await expect(tour).toContainText('Tour, 1 of 6')
    // Nothing of the page comes any more: words beside its title, its typeface.
    await expect(live(page)).toBeVisible()
    await page.evaluate(() => document.fonts.ready)
    const beside = await heading.boundingBox()
    expect(await sidewaysOverflow(page)).toBe(0)
    expect(await seriousViolations(page)).toEqual([])
    const bounds = await tour.boundingBox()
    expect(bounds?.x).toBeGreaterThanOrEqual(0)
    expect((bounds?.x ?? 0) + (bounds?.width ?? 361)).toBeLessThanOrEqual(360)

    expect(errors).toEqual([])

    await tour.getByRole('button', { name: 'Skip', exact: true }).click()
    await expect(tour).toHaveCount(0)
    await expect.poll(() => heading.boundingBox()).toEqual(beside)
    await page.reload()
    await expect(live(page)).toBeVisible()
    await expect(tour).toHaveCount(0)
  })
})
