import { request as httpRequest } from 'node:http'
import type { Page } from '@playwright/test'
import fc from 'fast-check'
import { berlin, lisboa } from '#domain/testing/stores.ts'
import { type FuzzTarget, fuzz } from '#seed/trials/testing/fuzz.ts'
import { readAddresses, readAddressParameters } from '#seed/trials/testing/routes.ts'
import { figure } from './dashboard.ts'
import { expect, test } from './stack/test.ts'

const { pages } = await readAddresses()
const parameters = await readAddressParameters()

/** What the page's policy kept from running, as the browser tells it. */
async function collectViolations(page: Page): Promise<string[]> {
  const violations: string[] = []
  await page.exposeFunction('tellViolation', (text: string) => violations.push(text))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', event => {
      const tell = (window as unknown as { tellViolation(text: string): void }).tellViolation
      tell(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`)
    })
  })
  return violations
}

test('pages run under a policy that no inline script passes without the number of this answer', async ({
  page,
  stack,
}) => {
  // It opens every page that there is.
  test.slow()
  await stack.tills.sell(
    { store: berlin, id: 'a-1', unitPrice: '10.00' },
    { store: lisboa, id: 'b-1', unitPrice: '7.00' },
  )
  const violations = await collectViolations(page)
  const nonces = new Set<string>()
  for (const path of [...pages, '/nowhere']) {
    const answer = await page.goto(path)
    const policy = answer?.headers()['content-security-policy'] ?? ''
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1] ?? ''
    expect(scripts).not.toContain('unsafe')
    nonces.add(/'nonce-([^']+)'/.exec(scripts)?.[1] ?? '')
    // Alive: what the server rendered answers to the keyboard.
    await page.getByRole('button', { name: 'Dark', exact: true }).first().click()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    await page.getByRole('button', { name: 'Light', exact: true }).first().click()
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
  }
  expect(nonces.size).toBe(pages.length + 1)

  await page.goto('/')
  await expect(figure(page, 'Net sales').stream).not.toHaveText('–')
  await page.getByRole('button', { name: 'Definition and basis of Net sales', exact: true }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'All stores' }).click()
  await expect(page.getByRole('checkbox', { name: /Lisboa/ })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.goto('/live')
  await expect(page.getByRole('heading', { name: 'Live', level: 1 })).toBeVisible()
  await expect(page.getByRole('main').getByText('7.00').first()).toBeVisible()
  expect(violations).toEqual([])

  // Taken for granted above: a script without the number does not run.
  await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'window.injected = true'
    document.body.append(script)
  })
  expect(await page.evaluate(() => 'injected' in window)).toBe(false)
  await expect.poll(() => violations.join()).toContain('script-src')
})

/** An address of a page with parameters of its own and others', said once, twice, or wrong. */
const address = fc
  .tuple(
    fc.constantFrom(...pages),
    fc.array(
      fc.tuple(
        fc.oneof(
          { weight: 8, arbitrary: fc.constantFrom(...parameters) },
          fc.constantFrom('unknown', '__proto__', 'constructor', '_rsc', ''),
        ),
        fc.constantFrom(
          ...[
            '',
            '0',
            '-1',
            '1',
            '1e99',
            '99999999999999999999',
            'NaN',
            'all',
            'EUR',
            '\0',
            '%',
            '[object Object]',
          ],
          ...[
            '0000-01-01',
            '0001-01-01',
            '1900-01-01',
            '2026-03-02',
            '2199-12-31',
            '9999-12-31',
            '2026-02-30',
          ],
          ...[
            'berlin-mitte',
            'berlin-mitte,lisboa-baixa',
            ',',
            ',,,,',
            '__proto__',
            'x'.repeat(2_000),
            '-net',
            '🛒',
          ],
          ...[
            'sales',
            'inventory',
            'products',
            'returns',
            'reviews',
            'day',
            'week',
            'month',
            'jobs',
            'letters',
            'true',
          ],
        ),
      ),
      { maxLength: 8 },
    ),
  )
  .map(([page, said]) => `${page}?${said.map(pair => pair.map(encodeURIComponent).join('=')).join('&')}`)

const HEADERS: Record<string, string>[] = [
  {},
  { rsc: '1' },
  { rsc: '1', 'next-router-state-tree': 'no tree', 'next-router-prefetch': '1' },
  { rsc: '1', 'next-router-state-tree': encodeURIComponent('[["",{},null,null,9]]') },
  { 'next-action': 'x', 'content-type': 'multipart/form-data; boundary=x' },
  { 'x-middleware-subrequest': 'middleware', 'x-nextjs-data': '1' },
  { cookie: 'tillstream_session=%00; theme=%; __prerender_bypass=1' },
  { 'accept-language': 'x'.repeat(4_000) },
  { 'next-url': '//evil.example.com', 'x-forwarded-host': 'evil.example.com', 'x-forwarded-for': 'x' },
]

test('whatever an address of a page says, the page answers, and the process does not grow', async ({
  stack,
}) => {
  test.setTimeout(900_000)
  await stack.tills.sell({ store: berlin, id: 'a-1', unitPrice: '10.00' })
  const pagesTarget: FuzzTarget<{ address: string; headers: Record<string, string> }> = {
    name: 'a page',
    inputs: fc.record({ address, headers: fc.oneof(fc.constant({}), fc.constantFrom(...HEADERS)) }),
    async attempt({ address, headers }, signal) {
      const answer = await fetch(`${stack.url}${address}`, { headers, signal, redirect: 'manual' })
      const text = await answer.text()
      if (answer.status >= 500) return `status ${answer.status}: ${text.slice(0, 300)}`
      const said = stack.output()
      return troublesIn(said) > troublesBefore ? `the log says ${said.slice(-1_500)}` : null
    },
  }
  for (const page of pages) await fetch(`${stack.url}${page}`).then(answer => answer.text())
  const before = await residentBytes(stack.url)
  // While the database was made anew for this test, the processes said that it was away: who has answered has said so.
  const troublesBefore = troublesIn(stack.output())
  await fuzz([pagesTarget], '--only browser e2e/doors')
  expect((await residentBytes(stack.url)) - before).toBeLessThan(160 * 1_048_576)
})

test('two hundred megabytes to any door are refused, and none of them is kept', async ({ stack }) => {
  const before = await residentBytes(stack.url)
  for (const path of [
    '/api/trpc/pipeline.letters.requeue',
    '/',
    '/logout',
    '/reports',
    '/api/v1/events',
    '/socket.io/?EIO=4&transport=polling',
  ]) {
    for (const length of ['announced', 'chunked'] as const) {
      const status = await pour(`${stack.url}${path}`, { megabytes: 200, length })
      expect({ path, length, isRefused: status === 'cut' || (status >= 400 && status < 500) }).toEqual({
        path,
        length,
        isRefused: true,
      })
    }
  }
  expect((await residentBytes(stack.url)) - before).toBeLessThan(160 * 1_048_576)
})

/** How often a log tells of something that went wrong. */
function troublesIn(said: string): number {
  return said.match(/a request failed|⨯|Error:/g)?.length ?? 0
}

async function residentBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1])
}

/** Sends a body as fast as it is taken. @returns the status, or that the connection was cut before one came */
function pour(
  url: string,
  { megabytes, length }: { megabytes: number; length: 'announced' | 'chunked' },
): Promise<number | 'cut'> {
  const chunk = Buffer.alloc(1_048_576, 'x')
  const headers = {
    'Content-Type': 'application/json',
    ...(length === 'announced' && { 'Content-Length': chunk.length * megabytes }),
  }
  return new Promise(resolve => {
    const sending = httpRequest(url, { method: 'POST', headers }, answer => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sending.on('error', () => resolve('cut'))
    let sent = 0
    function send(): void {
      while (sent < megabytes && !sending.destroyed) {
        sent += 1
        if (!sending.write(chunk)) {
          sending.once('drain', send)
          return
        }
      }
      sending.end()
    }
    send()
  })
}
