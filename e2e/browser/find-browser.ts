import { existsSync } from 'node:fs'
import { ensureBundledBrowser } from './bundled-browser.ts'

/** Where package managers and installers put Chromium and Chrome. */
const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

export interface Browser {
  /** Undefined: Playwright's own, which `npx playwright install chromium` brings. */
  executablePath: string | undefined
  /** Variables it needs beside those of this process. */
  env: Record<string, string>
}

/** A Chromium without downloading one: an installed one, else the one inside an npm package (Linux on x64). */
export async function findBrowser(): Promise<Browser> {
  const installed = INSTALLED.find(path => existsSync(path))
  if (installed) return { executablePath: installed, env: {} }
  if (process.platform === 'linux' && process.arch === 'x64') return ensureBundledBrowser()
  return { executablePath: undefined, env: {} }
}
