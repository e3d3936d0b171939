import { io } from 'socket.io-client'
import { findBrowser } from '#e2e/browser/find-browser.ts'

/** Somebody who looks at the Live page. What it takes itself is not the demo's. */
export interface LiveViewer {
  /** For the table: a browser, or what stands in for one. */
  name: string
  close(): Promise<void>
}

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']

/** Opens the Live page in a headless Chromium; where none is found, a socket that asks for what the page asks for. */
export async function openLivePage(url: string): Promise<LiveViewer> {
  return (await openInBrowser(url)) ?? openSocket(url)
}

async function openInBrowser(url: string): Promise<LiveViewer | null> {
  // A development dependency: an installation without them has benchmarks, but no browser to drive.
  const playwright = await import('@playwright/test').catch(() => null)
  if (playwright === null) return null
  const { executablePath, env } = await findBrowser()
  const browser = await playwright.chromium
    .launch({ args: FLAGS, env: { ...env }, ...(executablePath && { executablePath }) })
    .catch(() => null)
  if (browser === null) return null
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  const answer = await page.goto(`${url}/live`)
  if (!answer?.ok()) throw new Error(`${url}/live answers ${answer?.status()}`)
  return { name: 'headless Chromium', close: () => browser.close() }
}

async function openSocket(url: string): Promise<LiveViewer> {
  const socket = io(`${url}/live`, { transports: ['websocket'], auth: {} })
  await new Promise((resolve, reject) => socket.once('snapshot', resolve).once('connect_error', reject))
  return {
    name: 'a socket client (no browser found)',
    async close() {
      socket.disconnect()
    },
  }
}
