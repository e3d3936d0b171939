import { expect } from '@playwright/test'
import { card, seriousViolations, sidewaysOverflow } from './dashboard.ts'
import { type Demo, startDemo } from './stack/demo.ts'
import { pageTest as test } from './stack/test.ts'

let demo: Demo | undefined
let url = ''

test.beforeAll(async () => {
  test.setTimeout(240_000)
  // The fourth is the online store, which sells at any hour of the day.
  demo = await startDemo(['--no-seed', '--stores', '4', '--speed', '50'], 180_000)
  url = demo.url
})
test.afterAll(() => demo?.stop())

test('the stream is killed and Postgres restarted while tills sell: both come back, and what followed is told with its figures', async ({
  page,
}) => {
  test.setTimeout(480_000)
  await page.goto(`${url}/live`)
  await page.getByRole('button', { name: 'Skip the tour' }).click()
  await expect(card(page, 'Live sales').getByRole('listitem').first()).toBeVisible({ timeout: 180_000 })

  await page.goto(`${url}/pipeline?part=scenarios`)
  const faults = card(page, /^Faults$/)
  // Who works in a demo is known on every page, also on the first that is opened.
  await expect(page.getByRole('combobox', { name: 'You' })).toHaveValue('ada')
  await expect(page.getByRole('textbox', { name: 'Your name' })).toHaveCount(0)
  const newest = faults.getByRole('status', { name: 'The newest fault' })
  await expect(newest).toHaveText('Nothing has been broken yet.')
  await faults.getByRole('button', { name: 'Kill stream' }).click()
  await expect(newest).toContainText(
    /^Stream killed \d\d:\d\d:\d\d, processing again \d\d:\d\d:\d\d, 0 lost, 0 twice: \d+ events? and \d+ sums? .* all say what the log says\.$/,
    { timeout: 180_000 },
  )
  const table = faults.getByRole('region', { name: 'Faults and what followed, newest first' })
  await expect(table.getByRole('row', { name: /^Kill stream Stream killed .* recovered .*Ada/ })).toHaveCount(
    1,
  )

  await expect(faults.getByRole('button', { name: 'Restart Postgres' })).toBeEnabled()
  // Told by the page itself: a look from here may come when it is over.
  const locked = await faults.getByRole('button', { name: 'Kill jobs' }).evaluateHandle(button => {
    const seen = { disabled: false }
    const look = () => {
      seen.disabled ||= button.matches(':disabled')
    }
    new MutationObserver(look).observe(button, { attributeFilter: ['disabled'] })
    return seen
  })
  await faults.getByRole('button', { name: 'Restart Postgres' }).click()
  await expect(newest).toContainText(
    /^Postgres ended \d\d:\d\d:\d\d, stream and intake processing again \d\d:\d\d:\d\d, 0 lost, 0 twice: /,
    { timeout: 180_000 },
  )
  // Meanwhile nothing else could be broken.
  expect(await locked.jsonValue()).toEqual({ disabled: true })
  expect(await seriousViolations(page)).toEqual([])

  await page.reload()
  await expect(table.getByRole('row')).toHaveCount(3)
  await page.goto(`${url}/pipeline`)
  const timeline = card(page, /^The last 24 hours$/)
  await expect(timeline.getByRole('row', { name: /fault Stream killed .* 0 lost, 0 twice/ })).toHaveCount(1)
  const lag = card(page, /^Lag over 24 hours/)
  await expect(lag.getByText('fault', { exact: true })).toBeVisible({ timeout: 180_000 })
  await lag.getByRole('button', { name: 'Show the table' }).click()
  await expect(lag.getByRole('row').nth(1)).toBeVisible()
  expect(await seriousViolations(page)).toEqual([])
  await page.setViewportSize({ width: 360, height: 740 })
  for (const part of ['overview', 'lag', 'scenarios']) {
    await page.goto(`${url}/pipeline?part=${part}`)
    await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
    expect(await sidewaysOverflow(page), part).toBe(0)
  }
})
