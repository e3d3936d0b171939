import { setDemoSpeed } from '#db/demo-speed.ts'
import { card, figure, seriousViolations, sidewaysOverflow } from './dashboard.ts'

import { expect, test } from './stack/test.ts'

/** Levels of pino: 50 is an error. */
const ERROR_LEVEL = 50

test.use({ installation: { stores: [], seed: ['--days', '3', '--orders-per-day', '200'] } })

test('a walk over all pages while tills and shops sell: everything shows, nothing breaks, the paths agree', async ({
  page,
  stack,
}) => {
  const faults: string[] = []
  page.on('pageerror', error => faults.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await stack.start('jobs')
  // Two hundred orders a day are few: as many a minute as one can watch.
  await setDemoSpeed(stack.sql, { speed: 200, by: 'a test' })
  await stack.start('simulate')

  await page.goto('/')
  const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('link')
  expect(await links.count()).toBeGreaterThanOrEqual(5)
  // By address: what a link says besides its name, the open alerts, changes on the way.
  const addresses = await links.evaluateAll(all => all.map(link => link.getAttribute('href') ?? ''))
  for (const address of addresses) {
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
    const link = page.getByRole('navigation', { name: 'Pages' }).locator(`a[href="${address}"]`)
    await link.click()
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(link).toHaveAttribute('aria-current', 'page')
    await expect(page.locator('[aria-busy="true"]')).toHaveCount(0)
    await expect(page.getByRole('main').getByRole('alert')).toHaveCount(0)
    expect(await seriousViolations(page), `${address}, light`).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await sidewaysOverflow(page), `${address} at 360 px`).toBe(0)
    expect(await seriousViolations(page), `${address}, dark, on a phone`).toEqual([])
  }

  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('/live')
  const newest = card(page, 'Live sales').getByRole('listitem').first()
  const before = await newest.textContent()
  await expect(newest).not.toHaveText(before ?? '')
  // Where it is night nobody buys: the store that has just sold, and another one should it close meanwhile.
  await expect(async () => {
    const [sale] = await stack.sql<{ store: string }[]>`
      select store from log.event_log where type = 'order.placed' and class = 'live'
      order by appended_at desc limit 1`
    await page.goto(`/?store=${sale?.store}`)
    const units = await figure(page, 'Units').stream.textContent()
    await expect(figure(page, 'Units').stream).not.toHaveText(units ?? '', { timeout: 20_000 })
  }).toPass({ timeout: 180_000 })
  expect(faults).toEqual([])

  for (const name of ['simulate', 'jobs'] as const) await stack.stop(name)
  const [extent] = await stack.sql<{ from: string; to: string }[]>`
    select min(business_day)::text as "from", max(business_day)::text as "to" from batch.day_head`
  await stack.run('server/serving/reconcile/main.ts', [
    '--from',
    extent?.from ?? '',
    '--to',
    extent?.to ?? '',
  ])
  expect(errorsIn(stack.output())).toEqual([])
})

/** What the processes logged as an error. */
function errorsIn(output: string): string[] {
  return output.split('\n').filter(line => {
    const level = /^\{"level":(\d+)/.exec(line)?.[1]
    return Number(level ?? 0) >= ERROR_LEVEL
  })
}
