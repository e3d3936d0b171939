import type { Locator, Page } from '@playwright/test'
import { berlin, lisboa } from '#domain/testing/stores.ts'
import { createGeneration } from '#server/stream/state/generations.ts'
import { type OtherEngine, startOtherEngine } from '#server/stream/testing/other-engine.ts'
import { card, closeByEscape, figure, seriousViolations, sidewaysOverflow } from './dashboard.ts'
import { certify, engineDesk, takeOver } from './engine-desk.ts'
import type { Stack } from './stack/stack.ts'
import { expect, test } from './stack/test.ts'

let other: OtherEngine | null = null

test.afterEach(async () => {
  await other?.stop()
  other = null
})

/** A generation marked as Flink's, built a second time. @returns its number */
async function follow({ sql, databaseUrl }: Stack): Promise<number> {
  const generation = await createGeneration(sql, 'flink')
  const rows = await sql<{ partition: number }[]>`select partition from log.partitions order by partition`
  const partitions = rows.map(({ partition }) => partition)
  other = startOtherEngine(databaseUrl, { generation, partitions })
  return generation
}

/** The figure of a further answer: its row follows those of batch and stream. */
function further(page: Page, title: string): Locator {
  return card(page, new RegExp(`^${title}( in)?( [A-Z]{3})?$`))
    .getByRole('definition')
    .nth(2)
}

test('a third answer stands beside both, takes over by a certificate, and gives back at the same press', async ({
  page,
  stack,
}) => {
  test.slow()
  await follow(stack)
  await stack.tills.sell(
    { store: berlin, id: 'a-1', unitPrice: '10.00' },
    { store: lisboa, id: 'b-1', unitPrice: '20.50' },
  )

  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).toHaveText('30.50')
  await expect(further(page, 'Net sales')).toHaveText('30.50')
  await expect(card(page, 'Net sales EUR')).toContainText('Flink')
  await expect(card(page, 'Freshness').getByRole('columnheader', { name: 'Flink' })).toBeVisible()
  const pairs = page.getByRole('region', { name: /every pair with a further answer/ })
  await expect(pairs.getByRole('row', { name: /Flink − Tillstream/ })).toContainText('0')
  expect(await seriousViolations(page)).toEqual([])

  await page.goto('/pipeline?part=stream')
  const desk = engineDesk(page)
  const flink = desk.getByRole('region', { name: 'Generation 2, Flink' })
  await expect(desk).toContainText('generation 1 is active, followed by this stream')
  await expect(desk.getByRole('row', { name: /2 Flink/ })).toContainText('follows along')
  await expect(flink.getByRole('button', { name: 'Switch to Flink' })).toBeDisabled()
  await desk.getByRole('textbox', { name: 'Your name' }).fill('Ada')
  await certify(page, 'Generation 2, Flink', 'accepted')
  await expect(flink).toContainText('no difference')

  await desk.getByRole('button', { name: 'Show certificate 1' }).click()
  const shown = page.getByRole('dialog', { name: /^Certificate/ })
  await expect(shown).toContainText('windows')
  await expect(shown.getByRole('region', { name: 'Tables that were compared' })).toContainText('processed_at')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    shown.getByRole('link', { name: 'As JSON' }).click(),
  ])
  expect(download.suggestedFilename()).toBe('tillstream-certificate-1.json')
  expect(await seriousViolations(page)).toEqual([])
  await closeByEscape(page)

  await takeOver(page, { region: 'Generation 2, Flink', button: 'Switch to Flink', confirm: 'Switch' })
  await expect(desk).toContainText('generation 2 is active, followed by Flink: this stream stands by')
  await expect(
    card(page, /^Replays$/)
      .getByRole('row', { name: /Switch from generation 1 to 2/ })
      .filter({ hasText: /by certificate \d/ }),
  ).toHaveCount(1)
  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '10.00' })

  const back = 'Switch back to generation 1'
  await takeOver(page, { region: 'Generation 1, Tillstream', button: back, confirm: 'Switch back' })
  await expect(desk).toContainText('generation 1 is active, followed by this stream')
  await stack.tills.sell({ store: berlin, id: 'a-3', unitPrice: '10.00' })
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await sidewaysOverflow(page)).toBe(0)
  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).toHaveText('50.50')
  await expect(further(page, 'Net sales')).toHaveText('50.50')
  expect(await sidewaysOverflow(page)).toBe(0)
})

test('a row that differs is named on the page, and nothing is switched', async ({ page, stack }) => {
  test.slow()
  const generation = await follow(stack)
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/')
  await expect(further(page, 'Net sales')).toHaveText('10.00')
  await stack.sql`update stream.windows set gross = gross + 1 where generation = ${generation}`
  await page.goto('/pipeline?part=stream')
  const desk = engineDesk(page)
  const flink = desk.getByRole('region', { name: 'Generation 2, Flink' })
  await certify(page, 'Generation 2, Flink', 'refused')
  await expect(flink.getByRole('button', { name: 'Switch to Flink' })).toBeDisabled()
  await desk.getByRole('button', { name: 'Show certificate 1' }).click()
  await expect(page.getByRole('dialog')).toContainText(
    'gross is 100000 in the active one, 100001 in the candidate',
  )
  await page.goto('/')
  await expect(card(page, 'Net sales EUR')).toContainText('Flink differs')
})
