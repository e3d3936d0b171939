import { defineConfig } from '@playwright/test'
import { findBrowser } from './e2e/browser/find-browser.ts'
import { inheritedEnvironment } from './platform/environment.ts'

const browser = await findBrowser()

const DEMOS = ['**/engine-switch.spec.ts', '**/fault-buttons.spec.ts', '**/demo.spec.ts']

export default defineConfig({
  testDir: './e2e',
  outputDir: './test-results',
  // Each worker runs a whole installation: database, intake, stream, dashboard. Tests wait for much: three keep two
  // cores.
  workers: 3,
  // No test asserts a time: a busy machine must not fail one.
  timeout: 360_000,
  // Long enough for a busy machine; nothing waits longer than it must.
  expect: { timeout: 60_000 },
  forbidOnly: true,
  // Those with an installation of their own take long, and would come last, when a core has nothing else to do.
  projects: [
    { name: 'demo', testMatch: DEMOS },
    { name: 'pages', testIgnore: DEMOS },
  ],
  reporter: [['list']],
  use: {
    launchOptions: {
      ...(browser.executablePath && { executablePath: browser.executablePath }),
      env: definedOf(inheritedEnvironment(browser.env)),
    },
    viewport: { width: 1440, height: 900 },
    // Actions and what the page was made of; a film of it would cost more than the tests.
    trace: { mode: 'retain-on-failure', screenshots: false },
    screenshot: 'only-on-failure',
  },
})

function definedOf(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
