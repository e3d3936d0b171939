import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, chromium } from '@playwright/test'
import { parseOptions, runCommand, text } from '#platform/command.ts'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { findBrowser } from './browser/find-browser.ts'

const USAGE = `Usage: npm run pictures -- [--url http://127.0.0.1:3000] [NAME…]

Takes the README's pictures of a running demo, each page in both themes, into docs/pictures. Let the demo run for
some minutes first: half an hour of minutes is more to look at than two.
`

/** The README's pictures by name, with the page each shows. */
const PAGES = {
  'side-by-side': '/?currency=EUR',
  live: '/live?currency=EUR',
  restock: '/restock',
  alerts: '/alerts',
  reports: '/reports?currency=EUR',
  pipeline: '/pipeline',
} as const

const THEMES = ['light', 'dark'] as const
const OUTPUT = path.join(projectRoot, 'docs', 'pictures')
const SIZE = { width: 1280, height: 800 }
/** What a clone carries for each picture at most. */
const LARGEST_KB = 250
/** Long enough for a live page to be told what has happened since it opened, and for charts to be drawn. */
const LOOK_AFTER_MS = 5_000

await runCommand({
  usage: USAGE,
  hint: '"npm run pictures -- --help" lists the options.',
  parse: args => parseOptions(args, { url: text() }, { takesWords: true }),
  run: ({ url = 'http://127.0.0.1:3000', words }) => takePictures(url, words),
})

async function takePictures(url: string, wanted: readonly string[]): Promise<void> {
  await mkdir(OUTPUT, { recursive: true })
  const { executablePath, env } = await findBrowser()
  const browser = await chromium.launch({
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--hide-scrollbars'],
    env: { ...inheritedEnvironment(env) } as Record<string, string>,
    ...(executablePath && { executablePath }),
  })
  try {
    for (const [name, route] of Object.entries(PAGES)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue
      for (const theme of THEMES) await takePicture(browser, { name, url: `${url}${route}`, theme })
    }
  } finally {
    await browser.close()
  }
}

async function takePicture(
  browser: Browser,
  { name, url, theme }: { name: string; url: string; theme: (typeof THEMES)[number] },
): Promise<void> {
  const context = await browser.newContext({ viewport: SIZE, colorScheme: theme, reducedMotion: 'reduce' })
  // The tour would stand in front of what is to be seen.
  await context.addInitScript(() => localStorage.setItem('tillstream.tour', 'seen'))
  const page = await context.newPage()
  const answer = await page.goto(url).catch(() => null)
  if (!answer?.ok())
    throw new Error(
      `${url} ${answer ? `answers ${answer.status()}` : 'does not answer'}: does the demo run there?`,
    )
  await page.getByRole('heading', { level: 1 }).waitFor()
  await sleep(LOOK_AFTER_MS)
  const file = path.join(OUTPUT, `${name}-${theme}.png`)
  await page.screenshot({ path: file })
  await context.close()
  const kilobytes = Math.ceil((await stat(file)).size / 1_000)
  const verdict = kilobytes > LARGEST_KB ? ` — more than ${LARGEST_KB} kB: make SIZE smaller` : ''
  process.stdout.write(`${path.relative(projectRoot, file)}  ${kilobytes} kB${verdict}\n`)
}
