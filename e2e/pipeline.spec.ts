import type { Page } from '@playwright/test'
import type { Sql } from '#db/client.ts'
import { STAGES } from '#domain/stages.ts'
import { berlin, lisboa } from '#domain/testing/stores.ts'
import { writeRow } from '#server/log/testing/poison.ts'
import {
  card,
  figure,
  seriousViolations,
  seriousViolationsInBothThemes,
  sidewaysOverflow,
} from './dashboard.ts'
import type { Stack } from './stack/stack.ts'
import { expect, test } from './stack/test.ts'

const PARTS = ['Overview', 'Lag', 'Stream', 'Jobs', 'Costs', 'Dead letters', 'Checks', 'Scenarios']

test('the drawing shows events flow from the tills to the pages, and which process is down', async ({
  page,
  stack,
}) => {
  await page.goto('/pipeline')
  const flow = card(page, 'Flow')
  await expect(part(page, 'Intake')).toContainText('ok')
  await expect(part(page, 'Batch')).toContainText('down')
  await expect(part(page, 'Batch')).toContainText('no schedule has run yet')
  await expect(part(page, 'Tills')).toContainText('quiet')

  // Figures of the last minute: where it takes longer to show them, they are those of the sales of another try.
  let tried = 0
  await expect(async () => {
    tried += 1
    await stack.tills.sell(
      { store: berlin, id: `a-${tried}`, unitPrice: '10.00' },
      { store: lisboa, id: `b-${tried}`, unitPrice: '10.00' },
    )
    await expect(part(page, 'Tills')).toContainText(/[1-9]\d* a min/, { timeout: 30_000 })
    await expect(part(page, 'Stream')).toContainText('ok', { timeout: 30_000 })
    await expect(flow.getByText(/^[1-9]\d* events a minute, Log to stream$/)).toBeAttached({
      timeout: 30_000,
    })
  }).toPass()

  await stack.stop('intake')
  await expect(part(page, 'Intake')).toContainText('does not answer')
  await stack.start('intake')
  await stack.start('jobs')
  await expect(part(page, 'Intake')).toContainText('ok')
  await expect(part(page, 'Batch')).toContainText('ok')
})

test('the lag of each partition and source shows, and sources are searched', async ({ page, stack }) => {
  await page.goto('/pipeline?part=lag')
  await expect(card(page, 'Partitions').getByRole('row')).toHaveCount(5)
  // A source is active for a minute: it sends once the page would show it.
  await expect(card(page, 'Sources')).toContainText('Nothing has sent an event within a day.')
  await stack.tills.sell(
    { store: berlin, id: 'a-1', unitPrice: '10.00' },
    { store: lisboa, id: 'b-1', unitPrice: '10.00' },
  )
  const sources = card(page, 'Sources').getByRole('row')
  await expect(sources.filter({ hasText: 'till-berlin-mitte' })).toContainText('active')
  await page.getByRole('searchbox', { name: 'Search sources' }).fill('lisb')
  await expect(sources.filter({ hasText: 'till-lisboa-baixa' })).toBeVisible()
  await expect(sources.filter({ hasText: 'till-berlin-mitte' })).toHaveCount(0)
})

test('what an order costs by operator, how long it takes, and what waits at each stage shows', async ({
  page,
  stack,
}) => {
  await page.goto('/pipeline?part=costs')
  await expect(card(page, /^An order costs$/)).toContainText('Orders')
  await stack.tills.sell(
    { store: berlin, id: 'a-1', unitPrice: '10.00' },
    { store: lisboa, id: 'b-1', unitPrice: '10.00' },
  )
  // Processes write down what they took every ten seconds.
  const operators = card(page, /^Operators of the stream$/).getByRole('row')
  await expect(operators.filter({ hasText: 'Windows of a minute' })).toContainText('%')
  await expect(operators.filter({ hasText: 'Watermark and lateness' })).toContainText('%')
  const stream = card(page, /^An order costs$/)
    .getByRole('row')
    .filter({ hasText: 'Stream' })
  await expect(stream.getByRole('cell').nth(1)).toHaveText('2')
  const times = card(page, /^How long it takes$/)
  await expect(times.getByRole('figure').filter({ hasText: 'Counted' })).toContainText('Median')
  await times.getByRole('button', { name: 'Show the table' }).click()
  await expect(times.getByRole('row').filter({ hasText: 'Answered' })).toContainText(/\d (ms|s|min)/)

  await page.goto('/pipeline?part=lag')
  const stages = card(page, 'Backpressure').getByRole('row')
  await expect(stages).toHaveCount(STAGES.length + 1)
  await expect(stages.filter({ hasText: 'Events that wait for their commit' })).toContainText('20,000 events')
  await expect(stages.filter({ hasText: 'Requests for runs' })).toContainText('50 requests')
  // A stream that stands: what is sold waits, and is told to wait.
  stack.freeze('stream')
  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '1.00' })
  const unread = stages.filter({ hasText: 'Events the stream has not read' })
  await expect(unread.getByRole('cell').nth(1)).toHaveText('1')
  stack.thaw('stream')
  await expect(unread.getByRole('cell').nth(1)).toHaveText('0')
})

test('a broken event is a dead letter; repaired and requeued it counts once', async ({ page, stack }) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/pipeline?part=letters')
  await expect(page.getByText('No open dead letter.')).toBeVisible()
  await send(page, broken('a-2', 'berlin-mite'))

  await page
    .getByRole('row', { name: /unknown_store/ })
    .getByRole('button', { name: /open it/ })
    .click()
  const letter = page.getByRole('dialog')
  await expect(letter).toContainText('event 1 of a request')
  const event = letter.getByRole('textbox', { name: 'The event as JSON' })
  await expect(event).toHaveValue(/"store": "berlin-mite"/)
  await letter.getByRole('button', { name: 'Requeue' }).click()
  // Told beside the button that was pressed; the letter above says it too, as soon as it is read again.
  await expect(letter.getByRole('form', { name: 'Repair and requeue' })).toContainText(
    '"berlin-mite" is not known',
  )
  await event.fill((await event.inputValue()).replace('berlin-mite', 'berlin-mitte'))
  await letter.getByRole('button', { name: 'Requeue' }).click()
  await expect(letter.getByText('counted once, at partition')).toBeVisible()
  await letter.getByRole('button', { name: 'Close' }).click()
  await expect(page.getByText('No open dead letter.')).toBeVisible()
  await page.getByRole('combobox', { name: 'State' }).selectOption('requeued')
  await expect(page.getByRole('row', { name: /unknown_store/ })).toContainText('requeued')

  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).toHaveText('20.00')
  await expect(figure(page, 'Orders').stream).toHaveText('2')
  // Its till sends it again, put right: known.
  await send(page, broken('a-2', berlin.id))
  const rows = await stack.sql`select 1 from log.event_log where id = 'a-2'`
  expect(rows).toHaveLength(1)
})

test('an event that a path cannot count is told with its store, accepted by name, and that is taken back', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  const [store] = await stack.sql<{ partition: number }[]>`
    select partition from ref.stores where store = ${berlin.id}`
  await page.goto('/pipeline?part=checks')
  const aside = card(page, /^Events set aside$/)
  await expect(aside).toContainText('None: both paths count every event that they have read.')
  await writeRow(stack.sql, store?.partition ?? 0, { type: 'order.gifted', id: 'gift-1' })
  // The next event wakes the stream.
  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '10.00' })
  const asideBy = () => stack.sql`select from stream.set_aside`
  await expect.poll(async () => (await asideBy()).length).toBe(1)
  await page.reload()
  const row = aside.getByRole('row', { name: /gift-1/ })
  await expect(row).toContainText('Berlin Mitte')
  await expect(row).toContainText('Stream')
  await expect(row).toContainText('order.gifted')
  await expect(row).toContainText('not accepted')
  expect(await seriousViolations(page)).toEqual([])

  await row.getByRole('button', { name: /^Accept: offset \d+ of partition/ }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: 'Accept' })).toBeDisabled()
  await dialog.getByRole('textbox', { name: 'Nothing has to be done about it' }).fill('a gift, not sold')
  await dialog.getByRole('textbox', { name: 'Your name' }).fill('Ada')
  await dialog.getByRole('button', { name: 'Accept' }).click()
  await expect(dialog).toBeHidden()
  await expect(row).toContainText(/a gift, not sold \(\d\d:\d\d:\d\d, Ada\)/)
  await expect(aside).toContainText('0 events not accepted, 1 accepted')

  await row.getByRole('button', { name: /^Take back: offset/ }).click()
  await expect(row).toContainText('not accepted')
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await sidewaysOverflow(page)).toBe(0)
})

test('letters of one reason are sent again together once the world was put right; one is set aside', async ({
  page,
  stack,
}) => {
  for (const id of ['p-1', 'p-2']) await send(page, broken(id, 'porto'))
  await send(page, { ...broken('x-1', berlin.id), colour: '<img src=x onerror=alert(1)>\u202e' })
  await page.goto('/pipeline?part=letters&reason=unknown_store')
  const letters = card(page, /^Dead letters$/)
  await expect(letters.getByRole('row', { name: /its store is not known unknown_store/ })).toHaveCount(2)
  await stack.sql`
    with added as (
      insert into ref.stores (store, name, partition)
      select 'porto', 'Porto', partition from ref.stores where store = ${berlin.id} returning store
    )
    insert into ref.store_versions (store, zone, cut_over_hour, currency, tax_inclusive, channel, input)
    select store, 'Europe/Lisbon', 4, 'EUR', true, 'pos', 'live' from added`
  await page.getByRole('button', { name: /Send all open letters of unknown_store again/ }).click()
  await expect(page.getByText('2 events counted, 0 known before, 0 still wrong.')).toBeVisible()

  await page.goto('/pipeline?part=letters')
  await page.getByRole('button', { name: /open it/ }).click()
  const letter = page.getByRole('dialog')
  // Shown, not obeyed: markup as text, and what would turn the text around written out.
  await expect(letter.getByRole('textbox', { name: 'The event as JSON' })).toHaveValue(
    /<img src=x onerror=alert\(1\)>\\u202e/,
  )
  await letter.getByRole('textbox', { name: /set it aside/ }).fill('a test of the till')
  await letter.getByRole('button', { name: 'Discard' }).click()
  await expect(letter.getByText('set aside: a test of the till')).toBeVisible()
  await letter.getByRole('button', { name: 'Close' }).click()
  await expect(page.getByText('No open dead letter.')).toBeVisible()
})

test('a backfill that is asked for is done by the jobs process, and its runs stand behind a cell', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/pipeline?part=jobs')
  const requests = card(page, 'Run and backfill')
  await expect(requests).toContainText('No jobs process has run yet')
  await requests.getByRole('combobox', { name: 'Job' }).selectOption('daily_sales')
  await requests.getByRole('button', { name: 'Run' }).click()
  await expect(requests.getByRole('row', { name: /daily_sales/ })).toContainText('waits for the jobs process')
  await requests.getByRole('button', { name: 'Run' }).click()
  await expect(requests).toContainText('asks for the same and has not ended yet')

  await stack.start('jobs')
  await expect(requests.getByRole('row', { name: /daily_sales/ })).toContainText('succeeded')
  await expect(requests).not.toContainText('No jobs process')
  const cell = page.getByRole('button', { name: /^daily_sales, .*: succeeded$/ })
  await cell.click()
  const detail = page.getByRole('dialog')
  await expect(detail.getByRole('region', { name: 'State by store' })).toContainText(berlin.id)
  await expect(
    detail.getByRole('region', { name: 'Runs of daily_sales' }).getByRole('row').nth(1),
  ).toContainText('succeeded')
  await page.keyboard.press('Escape')
  await page.getByRole('combobox', { name: 'State' }).selectOption('failed')
  await expect(card(page, 'Ledger')).toContainText('No run in the ledger.')
  await expect(page).toHaveURL(/state=failed/)
})

test('scenarios say when no simulators run; while they do, one is asked for and shown with its time left', async ({
  page,
  stack,
}) => {
  await page.goto('/pipeline?part=scenarios')
  await expect(card(page, 'Scenarios')).toContainText('npm run simulate')
  // No supervisor runs here that would start again what is broken.
  const faults = card(page, /^Faults$/)
  await expect(faults).toContainText('only the demo (npm run demo) may break its processes')
  await expect(faults.getByRole('button')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Start Rush' })).toBeDisabled()

  await beat(stack.sql)
  await expect(page.getByRole('button', { name: 'Start Rush' })).toBeEnabled()
  await page.getByRole('spinbutton', { name: 'Minutes of Rush' }).fill('7')
  await page.getByRole('button', { name: 'Start Rush' }).click()
  await expect(page.getByRole('listitem', { name: 'Rush' })).toContainText('waits for the simulators')
  await stack.sql`
    update live.scenario_runs set state = 'running', started_at = now(), detail = '12 orders so far',
      ends_at = now() + make_interval(mins => minutes)`
  await expect(page.getByRole('listitem', { name: 'Rush' })).toContainText(
    /[1-7] min \d\d s left: 12 orders so far/,
  )
  await page.getByRole('button', { name: 'Stop Rush' }).click()
  await expect(page.getByRole('button', { name: 'Stop Rush' })).toBeDisabled()
})

test('the shops are sped up on the page, and while they are, today is marked instead of compared', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await beat(stack.sql)
  await page.goto('/pipeline?part=scenarios')
  const speed = page.getByRole('group', { name: 'Speed of the shops' })
  await expect(speed.getByRole('button', { name: 'As their history', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  )
  await speed.getByRole('button', { name: '5 times as fast as their history' }).click()
  await expect(card(page, 'Scenarios')).toContainText('today is marked “demo ×5”')
  // The page shows what was asked for while it is written down.
  await expect
    .poll(() => stack.sql`select speed::float8 as speed from live.demo_speeds`)
    .toEqual([{ speed: 5 }])
  await page.goto('/live')
  await expect(card(page, /^Today so far/)).toContainText('10.00')
  await expect(card(page, /^Today so far/)).toContainText('demo ×5')
  await expect(card(page, 'Stores').getByRole('row', { name: /Berlin/ })).toContainText('demo ×5')
})

test('letters are grouped by reason and source, repaired alike and sent again together', async ({
  page,
  stack,
}) => {
  for (const id of ['m-1', 'm-2']) await send(page, broken(id, 'berlin-mite'))
  await send(page, broken('p-1', 'porto'))
  await send(page, { ...broken('o-1', 'berlin-mite'), source: 'till-other' })
  await page.goto('/pipeline?part=letters')
  const groups = card(page, /^Open, by reason and source$/)
  await expect(groups).toContainText('4 letters in 2 groups')
  const group = groups.getByRole('row', { name: /till-broken/ })
  await expect(group).toContainText('its store is not known')
  await expect(group).toContainText('unknown_store')
  await group.getByRole('button', { name: 'Show the letters: unknown_store, till-broken' }).click()
  const letters = card(page, /^Dead letters$/)
  await expect(letters.getByRole('row', { name: /unknown_store/ })).toHaveCount(3)

  const repair = letters.getByRole('form', { name: 'Send them again' })
  await repair.getByRole('combobox', { name: 'Put right in each' }).selectOption('set')
  await repair.getByRole('textbox', { name: 'Field, e.g. store or lines.sku' }).fill('store')
  await repair.getByRole('textbox', { name: 'Where it is' }).fill('berlin-mite')
  await repair.getByRole('textbox', { name: 'It should be' }).fill('berlin-mitte')
  expect(await seriousViolations(page)).toEqual([])
  await repair
    .getByRole('button', { name: /^Repair all open letters of unknown_store of till-broken/ })
    .click()
  await expect(repair).toContainText(
    '2 events counted, 0 known before, 0 still wrong, 1 left as they are: nothing to repair in them.',
  )
  await expect(groups).toContainText('2 letters in 2 groups')
  const counted = await stack.sql<
    { id: string }[]
  >`select id from log.event_log where id is not null order by id`
  expect(counted.map(({ id }) => id)).toEqual(['m-1', 'm-2'])
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await sidewaysOverflow(page)).toBe(0)
})

test('who works on which partition shows; killed, a process is gone, and the next one has what it had', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/pipeline?part=stream')
  const processes = card(page, /^Processes$/).getByRole('region', {
    name: 'Stream processes, the oldest first',
  })
  const partitions = card(page, /^Processes$/).getByRole('region', {
    name: 'Partitions and who works on them',
  })
  await expect(processes.getByRole('row').nth(1)).toContainText('at work')
  await expect(processes.getByRole('row').nth(1)).toContainText('0, 1, 2, 3')
  await expect(processes.getByRole('row').nth(1)).toContainText('0 stopped, 0 killed')
  await stack.stop('stream', 'by kill')
  await expect(card(page, /^Processes$/)).toContainText('No stream process is connected.')
  await expect(partitions.getByRole('row').nth(1)).toContainText('nobody')
  await stack.start('stream')
  await expect(processes.getByRole('row').nth(1)).toContainText('0 stopped, 1 killed')
  await expect(partitions.getByRole('row').nth(1)).toContainText(/stream \S+:\d+/)
  await expect(partitions.getByRole('row').nth(1)).not.toContainText('nobody')
  await page.goto('/pipeline')
  const timeline = card(page, /^The last 24 hours$/)
  await expect(timeline.getByRole('row', { name: /^\S+ killed/ })).toContainText(
    /was killed: others worked on partitions 0, 1, 2, 3 within (\d+\.\d|\d+ min \d\d) s/,
  )
  await expect(timeline.getByRole('row', { name: /takes over/ })).toHaveCount(1)
})

test('a sale that comes late is listed, and its way shows its minute before and after it', async ({
  page,
  stack,
}) => {
  const minute = Math.floor((Date.now() - 10 * 60_000) / 60_000) * 60_000
  await stack.tills.sell({ store: berlin, id: 'a-1', at: minute + 1_000, unitPrice: '10.00' })
  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '10.00' })
  await stack.tills.sell({ store: berlin, id: 'a-3', at: minute + 2_000, unitPrice: '7.50' })
  await page.goto('/pipeline?part=lag')
  const lateness = card(page, /^Lateness$/)
  await expect(lateness.getByRole('list', { name: 'Live events by lateness' })).toContainText('≤ 1 s')
  await lateness.getByRole('button', { name: 'By source' }).click()
  await expect(lateness.getByRole('row', { name: /till-berlin/ })).toHaveCount(1)
  const late = card(page, /^Late sales$/).getByRole('row', { name: /a-3/ })
  await expect(late).toContainText('closed')
  await late.getByRole('button', { name: 'The way of a-3' }).click()
  const way = page.getByRole('dialog', { name: 'The way of a-3' })
  await expect(way.getByRole('list', { name: 'Its way' }).getByRole('listitem')).toHaveCount(4)
  const stands = way.getByRole('region', { name: 'Its minute before and after it' })
  await expect(stands.getByRole('row', { name: /^Orders/ })).toHaveText('Orders122')
  await expect(stands.getByRole('row', { name: /^Net/ })).toHaveText('Net, EUR10.0017.5017.50')
  await expect(stands.getByRole('row', { name: /^Revision/ })).toHaveText('Revision011')
  expect(await seriousViolations(page)).toEqual([])
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await sidewaysOverflow(page)).toBe(0)
  await page.keyboard.press('Escape')
  expect(await seriousViolations(page)).toEqual([])
  expect(await sidewaysOverflow(page)).toBe(0)
})

test('a replay is asked for, watched and recorded; the generation before it is one press away', async ({
  page,
  stack,
}) => {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await page.goto('/pipeline?part=stream')
  const desk = card(page, /^Replay$/)
  const kept = card(page, /^Replays$/)
  await expect(kept).toContainText('Nothing has been replayed yet.')
  await expect(desk).toContainText('generation 1 is active')
  await desk.getByRole('textbox', { name: 'Your name' }).fill('Ada')
  // The switch waits for this lock, with all that is in the log read.
  await stack.sql.begin(async sql => {
    await sql`lock table stream.active_generation in share mode`
    await desk.getByRole('button', { name: 'Replay from offset 0' }).click()
    const progress = desk.getByRole('region', { name: 'Replay 1' })
    await expect(progress).toContainText('Replay of generation 1 as 2')
    await expect(progress).toContainText('100% of what is in the log')
    await expect(progress.getByRole('progressbar', { name: 'Partition 0' })).toBeVisible()
    await expect(desk.getByRole('button', { name: 'Replay from offset 0' })).toBeDisabled()
    expect(await seriousViolations(page)).toEqual([])
  })
  const first = kept.getByRole('row', { name: /Replay of generation 1 as 2/ })
  await expect(first).toContainText('switched')
  await expect(first).toContainText('Ada')
  await expect(first).toContainText('none')
  await expect(desk).toContainText('generation 2 is active')

  await stack.tills.sell({ store: berlin, id: 'a-2', unitPrice: '10.00' })
  await desk.getByRole('button', { name: 'Switch back to generation 1' }).click()
  await expect(kept.getByRole('row', { name: /Back from generation 2 to 1/ })).toContainText('switched')
  await expect(desk).toContainText('generation 1 is active')
  await stack.tills.sell({ store: berlin, id: 'a-3', unitPrice: '10.00' })
  expect(await seriousViolations(page)).toEqual([])
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await sidewaysOverflow(page)).toBe(0)
  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).toHaveText('30.00')
})

test('every part of the page is accessible in both themes, empty and full', async ({ page, stack }) => {
  // A dozen looks by axe, each of some seconds on a busy machine.
  test.slow()
  await page.goto('/pipeline')
  for (const name of PARTS) {
    await show(page, name)
    expect(await seriousViolationsInBothThemes(page)).toEqual([])
  }
  await fill(page, stack)
  await page.goto('/pipeline')
  for (const name of PARTS) {
    await show(page, name)
    expect(await seriousViolationsInBothThemes(page)).toEqual([])
  }
  await show(page, 'Dead letters')
  await page.getByRole('button', { name: /open it/ }).click()
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Requeue' })).toBeVisible()
  expect(await seriousViolationsInBothThemes(page)).toEqual([])
})

test('on a phone of 360 px no part of the page scrolls sideways', async ({ page, stack }) => {
  await page.setViewportSize({ width: 360, height: 740 })
  await fill(page, stack)
  await page.goto('/pipeline')
  for (const name of PARTS) {
    await show(page, name)
    expect(await sidewaysOverflow(page)).toBe(0)
  }
  await show(page, 'Dead letters')
  await page.getByRole('button', { name: /open it/ }).click()
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Requeue' })).toBeVisible()
  expect(await sidewaysOverflow(page)).toBe(0)
})

/** A part of the drawing, by its name. */
function part(page: Page, name: string) {
  return card(page, 'Flow')
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name }) })
}

/** Goes to a part of the page and waits until nothing of it loads any more. */
async function show(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name }).click()
  await expect(page.getByRole('tabpanel', { name })).toBeVisible()
  await expect(page.locator('[aria-busy=true]')).toHaveCount(0)
}

/** Something for every part to show: figures of both paths, a failed run, a letter, a scenario. */
async function fill(page: Page, stack: Stack): Promise<void> {
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  await send(page, broken('a-2', 'a-store-whose-name-is-much-longer-than-any-phone-is-wide-at-least-here'))
  await expect
    .poll(async () => (await stack.sql`select business_day from stream.windows`).length)
    .toBeGreaterThan(0)
  const [row] = await stack.sql<{ day: string }[]>`select max(business_day) as day from stream.windows`
  const day = row?.day ?? ''
  await stack.runBatch(day, day)
  await stack.sql`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      finished_at, error, backend_pid, backend_start)
    values ('hourly_sales', ${berlin.id}, ${day}, 'failed', 'schedule', 1, '1', 1, 0, now(),
      'hourly_sales: the header is not the sum of its lines', 0, now())`
  await stack.sql`
    insert into batch.completeness (business_day, store, register, currency, z_orders, z_net, log_orders, log_net, state, run_id)
    select ${day}, ${berlin.id}, state, 'EUR', 3, 75000, 2, 50000, state, 1
    from unnest(array['complete', 'missing', 'different', 'awaiting journal']) as state`
  await stack.sql`insert into live.job_requests (job, from_day, to_day) values ('all', ${day}, ${day})`
  await beat(stack.sql)
  await stack.sql`
    insert into live.scenario_runs (scenario, state, started_at, ended_at, detail)
    values ('rush', 'ended', now(), now(), '120 orders')`
}

/** Simulators that are alive as long as a test may take. */
async function beat(sql: Sql): Promise<void> {
  await sql`
    insert into live.simulator_heartbeat (beat_at, scenario, speed, waiting)
    values (clock_timestamp() + interval '1 h', 'ordinary', 1, 3)
    on conflict (only_row) do update set beat_at = excluded.beat_at`
}

function broken(id: string, store: string): Record<string, unknown> {
  return {
    source: 'till-broken',
    id,
    type: 'order.placed',
    store,
    channel: 'pos',
    eventTime: new Date().toISOString(),
    orderId: id,
    currency: 'EUR',
    lines: [{ sku: '85123A', units: 1, unitPrice: '10.00' }],
  }
}

async function send(page: Page, event: Record<string, unknown>): Promise<void> {
  await page.request.post('/api/v1/events', { data: event })
}
