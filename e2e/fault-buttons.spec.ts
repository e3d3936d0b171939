import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from '@playwright/test'
import { type Program, startProgram } from '#platform/process.ts'
import { card, seriousViolations, sidewaysOverflow } from './dashboard.ts'
import { freePorts } from './stack/stack.ts'

/** The demo as a person starts it: its supervisor, a Postgres of its own, tills that sell. */
let demo: Program
let url = ''
let dataDir = ''

test.beforeAll(async () => {
  test.setTimeout(480_000)
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-faults-'))
  const { port } = await freePorts()
  demo = startProgram({
    entry: 'platform/launch/demo.ts',
    // The fourth is the online store, which sells at any hour of the day.
    args: ['--port', String(port), '--no-seed', '--stores', '4', '--speed', '50'],
    settings: { DATA_DIR: dataDir, DATABASE_URL: undefined, DROP_DIR: undefined, HOST: '127.0.0.1' },
  })
  url = `http://127.0.0.1:${port}`
  await expect
    .poll(() => (demo.child.exitCode === null ? demo.output() : 'ended'), { timeout: 180_000 })
    .toContain('Ready after')
})
test.afterAll(async () => {
  await demo.stop(30_000)
  await rm(dataDir, { recursive: true, force: true })
})

test('the stream is killed and Postgres restarted while tills sell: both come back, and what followed is told with its figures', async ({
  page,
}) => {
  test.setTimeout(480_000)
  await page.goto(`${url}/live`)
  await expect(card(page, 'Live sales').getByRole('listitem').first()).toBeVisible({ timeout: 180_000 })

  await page.goto(`${url}/pipeline?part=scenarios`)
  const faults = card(page, /^Faults$/)
  const newest = faults.getByRole('status', { name: 'The newest fault' })
  await expect(newest).toHaveText('Nothing has been broken yet.')
  await faults.getByRole('textbox', { name: 'Your name' }).fill('Ada')
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
  await faults.getByRole('button', { name: 'Restart Postgres' }).click()
  await expect(faults.getByRole('button', { name: 'Kill jobs' })).toBeDisabled()
  await expect(newest).toContainText(
    /^Postgres ended \d\d:\d\d:\d\d, stream and intake processing again \d\d:\d\d:\d\d, 0 lost, 0 twice: /,
    { timeout: 180_000 },
  )
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
