import type { Page } from '@playwright/test'
import { berlin, lisboa, tokyo } from '#domain/testing/stores.ts'
import { card, closeByEscape, seriousViolationsInBothThemes, sidewaysOverflow } from './dashboard.ts'
import { expect, test } from './stack/test.ts'

const MINUTE_MS = 60_000

/** The large figure of a tile. */
function tile(page: Page, title: string) {
  return card(page, new RegExp(`^${title}( [A-Z]{3})?$`))
    .getByRole('paragraph')
    .first()
}

test('the live page moves with every sale: figures, feed, minutes, stores and products', async ({
  page,
  stack,
}) => {
  await page.goto('/live')
  await expect(page.getByText('The log is empty.')).toBeVisible()
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await expect(tile(page, 'Today so far')).toHaveText('10.00')

  await stack.tills.sell({ store: lisboa, id: 'b-1', units: 2, unitPrice: '12.50' })
  await stack.tills.takeBack({ store: lisboa, id: 'b-2', unitPrice: '0', refund: '4.25' })
  await expect(tile(page, 'Today so far')).toHaveText('30.75')
  const feed = card(page, 'Live sales')
  await expect(feed.getByRole('listitem')).toHaveCount(3)
  const stores = card(page, 'Stores').getByRole('row')
  await expect(stores.filter({ hasText: 'Berlin Mitte' })).toContainText('10.00 EUR')
  await expect(stores.filter({ hasText: 'Lisboa Baixa' })).toContainText('20.75 EUR')
  await expect(stores.filter({ hasText: 'Lisboa Baixa' })).toContainText('open')
  await expect(
    card(page, /^Top products$/)
      .getByRole('row')
      .filter({ hasText: '85123A' })
      .getByRole('cell')
      .nth(1),
  ).toHaveText('3')
  await expect(card(page, /^Online sessions/)).toContainText('No session ordered in EUR')
  await expect(card(page, /^Bought together$/)).toContainText('No two products were bought together twice')

  await feed.getByRole('button', { name: 'Returns' }).click()
  await expect(feed.getByRole('listitem')).toHaveCount(1)
  await expect(feed.getByRole('listitem')).toContainText('Return, Lisboa Baixa')
  await expect(page).toHaveURL(/feed=returns/)
  await feed.getByRole('button', { name: 'Voids' }).click()
  await expect(feed.getByText('None of the newest sales is of this kind.')).toBeVisible()
})

test('what sells is told by product, store and category, who orders online, and what goes together, each with its window and basis', async ({
  page,
  stack,
}) => {
  const skus = ['22720', '85123A']
  await stack.tills.sell(
    { store: berlin, id: 'a-1', skus, unitPrice: '2.00', session: 's-1' },
    { store: berlin, id: 'a-2', skus, unitPrice: '2.00', session: 's-1' },
    { store: lisboa, id: 'b-1', units: 5, unitPrice: '1.00' },
  )
  await page.goto('/live')
  await expect(tile(page, 'Today so far')).toHaveText('13.00')
  // What the stream had not read when the page was made would be asked for again in a while.
  await page.reload()
  const row = (title: RegExp, text: string) =>
    card(page, title).getByRole('row').filter({ hasText: text }).getByRole('cell')
  await expect(row(/^Top products$/, '85123A')).toHaveText(['85123A', '7', /^\d+$/, 'Lisboa Baixa'])
  await expect(row(/^Top categories$/, 'in no category')).toHaveText(['in no category', '9', '100%'])
  for (const title of [/^Top products$/, /^Top categories$/])
    await expect(card(page, title)).toContainText(/window \d\d:\d\d to \d\d:\d\d/)
  await expect(card(page, /^Online sessions/)).toContainText(
    '1 session, 1 open, 1 with more than one order; 2 orders, net 8.00',
  )
  await expect(row(/^Online sessions/, 'Berlin Mitte').filter({ hasText: 'open' })).toHaveCount(1)
  await expect(row(/^Bought together$/, '22720 + 85123A').last()).toHaveText('2')
  for (const title of ['Top products', 'Top categories', 'Online sessions', 'Bought together']) {
    await page.getByRole('button', { name: `Definition and basis of ${title}` }).click()
    await expect(page.getByRole('dialog')).toContainText('Watermark')
    await closeByEscape(page)
  }
})

test('a sale that comes late says how late, counts where it belongs, and marks its minute', async ({
  page,
  stack,
}) => {
  // Its minute is over, and stays among the last fifteen for thirteen more.
  await stack.tills.sell({ store: berlin, id: 'a-1', at: Date.now() - 61_000, unitPrice: '10.00' })
  await page.goto('/live')
  await expect(tile(page, 'Last 15 min')).toHaveText('10.00')
  // As late as that when they are sent, however long the page took to come.
  const sent = Date.now()
  await stack.tills.sell(
    { store: berlin, id: 'a-2', at: sent - 12.2 * MINUTE_MS, unitPrice: '2.50' },
    { store: berlin, id: 'a-3', at: sent - 100 * MINUTE_MS, unitPrice: '4.00' },
  )
  await expect(tile(page, 'Last 15 min')).toHaveText('12.50')
  await expect(tile(page, 'Today so far')).toHaveText('16.50')
  // A till may be two minutes ahead: what it sells is not late, however long the stream takes to read it.
  await stack.tills.sell({ store: berlin, id: 'a-4', at: Date.now() + 1.9 * MINUTE_MS, unitPrice: '7.00' })
  const feed = card(page, 'Live sales')
  const line = (amount: string) => feed.getByRole('listitem').filter({ hasText: amount })
  await expect(line('7.00')).toHaveCount(1)
  await feed.getByRole('button', { name: 'Late' }).click()
  await expect(line('7.00')).toHaveCount(0)
  await expect(line('2.50')).toContainText('late 12 min')
  await expect(line('4.00')).toHaveCount(1)

  const minutes = card(page, /by minute/)
  await minutes.getByRole('button', { name: '120 min' }).first().click()
  await minutes.getByRole('button', { name: 'Show the table' }).click()
  const revised = minutes.getByRole('row').filter({ hasText: '4.00' })
  await expect(revised.getByRole('cell').last()).toHaveText('1')
  await expect(revised).toContainText('closed')
})

test.describe('with stores of two currencies', () => {
  test.use({ installation: { stores: [berlin, tokyo] } })
  test('stores and currency are in the address; amounts of two currencies stand beside each other', async ({
    page,
    stack,
  }) => {
    await stack.tills.sell(
      { store: berlin, id: 'a-1', unitPrice: '10.00' },
      { store: tokyo, id: 't-1', unitPrice: '810' },
    )
    await page.goto('/live')
    const today = card(page, /^Today so far/)
    await expect(tile(page, 'Today so far')).toHaveText('10.00')
    await expect(today.getByRole('definition')).toHaveText('810')
    await page.goto('/live?store=tokyo-shibuya&products=60')
    await expect(tile(page, 'Today so far')).toHaveText('810')
    await expect(card(page, 'Live sales').getByRole('listitem')).toHaveCount(1)
    await expect(card(page, 'Stores').getByRole('row')).toHaveCount(2)
    await expect(card(page, /^Top products$/)).toBeVisible()
  })
})

test('in a rush every sale is counted, nothing jumps, and the page draws four times a second at most', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'first', unitPrice: '1.00' })
  await page.goto('/live')
  await expect(tile(page, 'Today so far')).toHaveText('1.00')
  await expect(card(page, /^Top products$/).getByRole('row')).toHaveCount(2)
  // What is still to come takes its place before it is looked whether anything moves.
  await expect(page.getByText(/^Live, /)).toBeVisible()
  await expect(page.getByRole('main').locator('[aria-busy="true"]')).toHaveCount(0)
  await expect(card(page, /by minute/).getByRole('application')).toBeVisible()
  await page.evaluate(() => document.fonts.ready.then(() => {}))
  await page.evaluate(watchThePage)
  for (let request = 0; request < 30; request += 1) {
    await stack.tills.sell(
      ...Array.from({ length: 40 }, (_, index) => ({
        store: index % 2 === 0 ? berlin : lisboa,
        id: `rush-${request}-${index}`,
        unitPrice: '2.00',
      })),
    )
  }
  await expect(tile(page, 'Today so far')).toHaveText('2,401.00')
  const { shifts, drawn, seconds } = await page.evaluate(() => window.watched ?? never())
  expect(shifts).toEqual([])
  // One more for the ticking clock, once a second; and each once more where the look began between two of them.
  expect(drawn).toBeLessThanOrEqual(5.5 * seconds + 3)

  function never(): never {
    throw new Error('the page was not watched')
  }
})

test('on a wide screen and on a phone, the live page is accessible in both themes', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', units: 900, unitPrice: '98765.4321' })
  await page.goto('/live')
  await expect(tile(page, 'Today so far')).toHaveText('88,888,888.89')
  await expect(card(page, 'Live sales').getByRole('listitem')).toHaveCount(1)
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  await page.getByRole('button', { name: 'Definition and basis of Today so far' }).click()
  await expect(page.getByRole('dialog')).toContainText('Watermark')
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
  await page.keyboard.press('Escape')

  await page.setViewportSize({ width: 360, height: 740 })
  expect(await sidewaysOverflow(page)).toBe(0)
  await page.getByRole('button', { name: 'Show the table' }).click()
  expect(await sidewaysOverflow(page)).toBe(0)
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
})

declare global {
  interface Window {
    watched?: { shifts: string[]; drawn: number; seconds: number }
  }
}

/** Counts, in the page, how often the figure of the day is drawn anew, and what moves without being asked to. */
function watchThePage(): void {
  const began = performance.now()
  const watched = { shifts: [] as string[], drawn: 0, seconds: 0 }
  window.watched = watched
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      const shift = entry as PerformanceEntry & {
        hadRecentInput: boolean
        value: number
        sources: { node: Node | null }[]
      }
      // The lines of the feed move on: that is the feed. Words that say how the page is connected are as long as they are.
      const moved = shift.sources.filter(
        ({ node }) => !(node?.parentElement ?? null)?.closest('ol, table, main header p'),
      )
      if (!shift.hadRecentInput && moved.length > 0) {
        watched.shifts.push(
          `${shift.value}: ${moved.map(({ node }) => node?.textContent?.slice(0, 40)).join(' | ')}`,
        )
      }
    }
  }).observe({ type: 'layout-shift', buffered: false })
  const figure = [...document.querySelectorAll('section')].find(section =>
    section.textContent?.startsWith('Today so far'),
  )
  new MutationObserver(() => {
    watched.drawn += 1
    watched.seconds = (performance.now() - began) / 1_000
  }).observe(figure ?? document.body, { subtree: true, childList: true, characterData: true })
}
