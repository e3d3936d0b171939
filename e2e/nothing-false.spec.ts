import type { Page } from '@playwright/test'
import { businessDayOf, sameLocalTime } from '#domain/business-day.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import { berlin, lisboa, tokyo } from '#domain/testing/stores.ts'
import { card, figure, live, seriousViolations, sidewaysOverflow } from './dashboard.ts'
import { inMidDay } from './stack/mid-day.ts'
import { expect, test } from './stack/test.ts'

/*
 * Invariant: a page says nothing that is not known. Whatever keeps it from knowing (the socket, the stream, the
 * server, the database, an empty log, a filter without data) is said in words, and what was known before is grey.
 */

const PAGES = ['/', '/live', '/restock', '/alerts', '/pipeline'] as const

/** Sentences that are true only of a system that is known to be well. */
const VERDICTS =
  /up to date|nothing to restock|No shortage|Nothing waits|all explained|nothing to do|−100|unexplained 0/

/** The large figure of a tile. */
function tile(page: Page, title: string) {
  return card(page, new RegExp(`^${title}( [A-Z]{3})?$`))
    .getByRole('paragraph')
    .first()
}

function main(page: Page) {
  return page.getByRole('main')
}

/** What stands above figures of a past moment. */
function oldNote(page: Page) {
  return page.getByText(/The figures below are those of .*, not of now/)
}

/** The page's socket, held back: it neither connects nor fails. */
async function holdSocketBack(page: Page): Promise<void> {
  await page.routeWebSocket(/socket\.io/, () => {})
  // Never answered, neither is long polling.
  await page.route(/socket\.io/, () => {})
}

/** The page's socket, of which the word that comes every second, and may be lost, can be lost at will. */
async function loseStands(page: Page): Promise<{ lose(): void; pass(): void }> {
  let areLost = false
  await page.routeWebSocket(/socket\.io/, socket => {
    const server = socket.connectToServer()
    server.onMessage(message => {
      if (!(areLost && String(message).includes('["stand",'))) socket.send(message)
    })
  })
  return {
    lose: () => {
      areLost = true
    },
    pass: () => {
      areLost = false
    },
  }
}

test('with the socket held back, pages show what the server has read, and how old that is', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '12.50' })
  await expect.poll(() => streamedEvents(stack.sql)).toBe(1)
  await holdSocketBack(page)
  await page.goto('/live')
  await expect(tile(page, 'Today so far')).toHaveText('12.50')
  await expect(card(page, 'Live sales').getByRole('listitem')).toHaveCount(1)
  await expect(card(page, 'Stores').getByRole('row').filter({ hasText: 'Berlin Mitte' })).toContainText(
    '12.50',
  )
  await expect(card(page, /^Today so far/)).toContainText('0 of 1 store-day on file a week ago')
  await expect(card(page, /^Open alerts/)).toContainText('no stock is known')
  await expect(main(page)).not.toContainText(VERDICTS)
  // Nothing more is heard, and the figures say so.
  await expect(oldNote(page)).toContainText('Not connected')
  await expect(page.locator('[data-figures="old"]')).toBeVisible()
  await expect(main(page)).not.toContainText(VERDICTS)
  expect(await seriousViolations(page)).toEqual([])
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await sidewaysOverflow(page)).toBe(0)

  // Figures that are asked for come without a socket as well.
  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).toHaveText('12.50')
  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '1.50' })
  await expect(figure(page, 'Net sales').stream).toHaveText('14.00')
  await expect(main(page)).not.toContainText(VERDICTS)
})

test('the first figures come with the page itself, without any script', async ({ browser, stack }) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '12.50' })
  await expect.poll(() => streamedEvents(stack.sql)).toBe(1)
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL: stack.url })
  const page = await context.newPage()
  for (const path of ['/live', '/'] as const) {
    const html = await (await page.goto(path))?.text()
    expect(html).toContain('12.50')
    expect(html).not.toMatch(VERDICTS)
  }
  await context.close()
})

test('what nothing proves any more is amber past five seconds, and grey figures past fifteen', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '12.50' })
  await expect.poll(() => streamedEvents(stack.sql)).toBe(1)
  await holdSocketBack(page)
  // A page that had no moment to itself between the two is looked at again.
  await expect(async () => {
    await page.goto('/live')
    const seen = await page.locator('[data-figures]').evaluateHandle(figures => {
      const colourOf = (element: Element | null) =>
        element === null ? 'none' : getComputedStyle(element).color
      const token = (name: string) => {
        const sample = document.body.appendChild(document.createElement('span'))
        sample.style.color = `var(--${name})`
        const colour = colourOf(sample)
        sample.remove()
        return colour
      }
      const tokens = { text: token('text'), muted: token('muted'), warn: token('warn'), bad: token('bad') }
      const nameOf = (colour: string) =>
        Object.entries(tokens).find(([, value]) => value === colour)?.[0] ?? colour
      const looks: string[] = []
      const look = () => {
        const figure = colourOf(figures.querySelector('section p'))
        const state = colourOf(document.querySelector('main header [role="status"]'))
        looks.push(
          `${figures.getAttribute('data-figures')}: figures ${nameOf(figure)}, state ${nameOf(state)}`,
        )
      }
      look()
      new MutationObserver(look).observe(figures, { attributeFilter: ['data-figures'] })
      return looks
    })
    await expect(oldNote(page)).toBeVisible()
    expect((await seen.jsonValue()).slice(-2)).toEqual([
      'aging: figures text, state warn',
      'old: figures muted, state bad',
    ])
  }).toPass()
})

test('a stream that stands is said to, and its figures are grey while sales wait', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/live')
  await expect(tile(page, 'Today so far')).toHaveText('10.00')
  await expect(main(page)).toContainText('up to date')

  stack.freeze('stream')
  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '5.00' })
  await expect(page.getByRole('status').filter({ hasText: 'The stream stands' }).first()).toBeVisible()
  await expect(oldNote(page)).toBeVisible()
  await expect(tile(page, 'Today so far')).toHaveText('10.00')
  await expect(main(page)).not.toContainText(VERDICTS)
  for (const path of ['/', '/restock', '/alerts'] as const) {
    await page.goto(path)
    await expect(oldNote(page)).toContainText('The stream stands')
    await expect(main(page)).not.toContainText(VERDICTS)
  }
  await page.goto('/')
  await expect(card(page, 'Freshness')).toContainText('it stands')
  await page.goto('/pipeline')
  await expect(main(page)).toContainText('stands still')
  await expect(main(page)).not.toContainText(VERDICTS)

  await page.goto('/live')
  stack.thaw('stream')
  await expect(tile(page, 'Today so far')).toHaveText('15.00')
  await expect(oldNote(page)).toBeHidden()
  await expect(main(page)).toContainText('up to date')
})

/** Of what nobody hears of but by asking again, four times a minute: all pages side by side, as a person has them open. */
test('a server that answers errors is said to on every page, and nothing it said before is shown as of now', async ({
  context,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await Promise.all(
    [...PAGES, '/pipeline?part=checks'].map(path =>
      test.step(path, async () => expectErrorsToBeSaid(await context.newPage(), path)),
    ),
  )
})

async function expectErrorsToBeSaid(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await expect(live(page)).toBeVisible()
  // A question that was never answered has nothing that could grow old: its card says so alone.
  await expect(main(page).locator('[aria-busy="true"]')).toHaveCount(0)
  let refused = 0
  await page.route('**/api/trpc/**', async route => {
    refused += 1
    await route.fulfill({ status: 500, body: 'out of order' })
  })
  await expect(oldNote(page)).toContainText('The server answered with an error (500)')
  await expect(main(page)).not.toContainText(VERDICTS)
  // Nor for the moment in which it is asked once more.
  const levels = await levelsFromNowOn(page)
  const before = refused
  // Restock asks four times a minute, and once more each time.
  await expect.poll(() => refused).toBeGreaterThan(before + 2)
  expect(await levels()).toEqual(['old'])
  await page.unroute('**/api/trpc/**')
  await expect(oldNote(page)).toBeHidden()
}

test('reports that are not answered any more say that they are not refreshed, and why', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await expect.poll(() => streamedEvents(stack.sql)).toBe(1)
  const day = businessDayOf(Date.now(), inMidDay(berlin))
  await stack.runBatch(day, day)
  const stands = await loseStands(page)
  await page.goto('/reports')
  const netSales = card(page, /^Net sales EUR$/)
  await expect(netSales).toContainText('10.00')
  const salesByDay = card(page, /^Sales by day EUR$/)
  await expect(salesByDay).not.toContainText('Not refreshed')
  await page.route('**/api/trpc/**', route => route.fulfill({ status: 500, body: 'out of order' }))
  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '5.00' })
  await expect.poll(() => streamedEvents(stack.sql)).toBe(2)
  await stack.runBatch(day, day)
  await expect(salesByDay).toContainText('Not refreshed: The server answered with an error (500)')
  await expect(oldNote(page)).toContainText('The server answered with an error (500)')
  await expect(netSales).toContainText('10.00')
  await expect(main(page)).not.toContainText(VERDICTS)
  // So that the answer is the last word of the server: it must grow old as any other.
  stands.lose()
  await page.unroute('**/api/trpc/**')
  // First, since in fifteen seconds it has.
  await expect(oldNote(page)).toBeHidden()
  await expect(netSales).toContainText('15.00')
  await expect(salesByDay).not.toContainText('Not refreshed')

  // Nobody would tell of newer figures. What the page says first depends on what it was asking just then.
  stack.freeze('web')
  await expect(oldNote(page)).toContainText(/No word from the server|Reconnecting|server .* did not answer/)
  await expect(page.locator('[data-figures="old"]')).toBeVisible()
  stack.thaw('web')
  stands.pass()
  await expect(oldNote(page)).toBeHidden()
})

test('with the database stopped, pages count on from what they knew; opened then, they know nothing', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/live')
  await expect(tile(page, 'Today so far')).toHaveText('10.00')
  await stack.dashboardDatabase.cut()
  await expect(oldNote(page)).toBeVisible()
  await expect(tile(page, 'Today so far')).toHaveText('10.00')
  await expect(main(page)).not.toContainText(VERDICTS)
  for (const path of PAGES) {
    await page.goto(path)
    await expect(main(page)).toContainText('The database could not answer.')
    await expect(main(page)).not.toContainText(VERDICTS)
    await expect(main(page)).not.toContainText(/\b0\.00\b/)
    await expect(page.getByRole('navigation')).toContainText('open alerts not known yet')
  }
  await stack.dashboardDatabase.mend()
  await page.goto('/live')
  await expect(tile(page, 'Today so far')).toHaveText('10.00')
  await expect(main(page)).toContainText('up to date')
})

test('an empty database knows of no stock, no check and no run; a log that nobody reads is not empty', async ({
  page,
  stack,
}) => {
  for (const path of PAGES) {
    await page.goto(path)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(live(page)).toBeVisible()
    await expect(main(page)).not.toContainText(
      /nothing to restock|No shortage|all explained|nothing to do|unexplained 0/,
    )
  }
  await page.goto('/restock')
  await expect(main(page)).toContainText('Stock is unknown.')
  await page.goto('/restock?view=order')
  await expect(main(page)).toContainText('Nothing can be proposed.')
  await page.goto('/pipeline')
  const unexplained = main(page).getByText('Unexplained', { exact: true }).locator('xpath=..')
  await expect(unexplained).toContainText('not compared yet')
  await page.goto('/pipeline?part=checks')
  await expect(card(page, 'Findings')).toContainText('Nothing has been audited yet')

  await stack.stop('stream')
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  for (const path of ['/', '/live'] as const) {
    await page.goto(path)
    await expect(main(page)).toContainText('The log holds events that no path has read.')
    await expect(main(page)).not.toContainText('The log is empty.')
  }
})

test('a filter without data shows no figure and no verdict, and says so', async ({ page, stack }) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/?from=2026-01-01&to=2026-01-30')
  for (const name of ['Net sales', 'Orders', 'Average order value']) {
    await expect(figure(page, name).stream).toHaveText('–')
    await expect(figure(page, name).difference).toHaveText('–')
  }
  await expect(card(page, /^Net sales EUR$/)).toContainText('nothing on file')
  await expect(main(page)).not.toContainText('all explained')
  await page.goto('/live?store=lisboa-baixa')
  await expect(tile(page, 'Today so far')).toHaveText('0.00')
  await expect(card(page, /^Today so far/)).toContainText('nothing on file a week ago')
  await expect(card(page, 'Live sales')).toContainText('None of the newest sales is of the stores chosen.')
  await expect(card(page, 'Stores').getByRole('row').filter({ hasText: 'Lisboa' })).toContainText(
    'none on file',
  )
})

test('a day is compared with the like moment a week ago, where every store-day of that is on file', async ({
  page,
  stack,
}) => {
  const weekAgo = sameLocalTime(Date.now(), -7, berlin.zone)
  await stack.tills.sell(
    { store: berlin, id: 'w-1', at: weekAgo - 3 * MINUTE_MS, unitPrice: '10.00' },
    // After the like moment: it must not count.
    { store: berlin, id: 'w-2', at: weekAgo + 10 * MINUTE_MS, unitPrice: '990.00' },
    { store: berlin, id: 'a-1', unitPrice: '12.00' },
  )
  await page.goto('/live')
  const today = card(page, /^Today so far/)
  await expect(tile(page, 'Today so far')).toHaveText('12.00')
  await expect(today).toContainText('+20%, 10.00 a week ago, 1 of 1 store-day')
  await stack.tills.sell({ store: lisboa, id: 'b-1', unitPrice: '8.00' })
  await expect(tile(page, 'Today so far')).toHaveText('20.00')
  await expect(today).toContainText('1 of 2 store-days on file a week ago')
  await expect(today).not.toContainText('%')
  await expect(card(page, 'Stores').getByRole('row').filter({ hasText: 'Lisboa' })).toContainText(
    'not on file',
  )
})

test.describe('with stores of two currencies', () => {
  test.use({ installation: { stores: [berlin, tokyo] } })
  test('one currency is never shown in place of all, and counts say whose they are', async ({
    page,
    stack,
  }) => {
    await stack.tills.sell(
      { store: berlin, id: 'a-1', unitPrice: '10.00' },
      { store: tokyo, id: 't-1', unitPrice: '810' },
    )
    for (const path of ['/', '/live'] as const) {
      await page.goto(`${path}?currency=all`)
      await expect(main(page)).toContainText(
        'Amounts of several currencies are never added here: what is in EUR is shown.',
      )
    }
    await page.goto('/?store=tokyo-shibuya&currency=EUR')
    await expect(main(page)).toContainText('Nothing is sold in EUR there: what is in JPY is shown.')
    await page.goto('/')
    await expect(page.getByRole('heading', { name: 'Orders in EUR', exact: true })).toBeVisible()
  })
})

/** Watches what the page takes its figures for. @returns every level there was since, each once */
async function levelsFromNowOn(page: Page): Promise<() => Promise<string[]>> {
  const figures = page.locator('[data-figures]')
  const seen = await figures.evaluateHandle(element => {
    const levels = [element.getAttribute('data-figures') ?? 'none']
    new MutationObserver(() => {
      const level = element.getAttribute('data-figures') ?? 'none'
      if (!levels.includes(level)) levels.push(level)
    }).observe(element, { attributeFilter: ['data-figures'] })
    return levels
  })
  return () => seen.jsonValue()
}

async function streamedEvents(sql: import('#db/client.ts').Sql): Promise<number> {
  const [row] = await sql<{ events: number }[]>`
    select coalesce(sum(events), 0)::int8 as events from stream.checkpoints`
  return row?.events ?? 0
}
