import { defineConfig } from '@playwright/test'
import { findBrowser } from './e2e/browser/find-browser.ts'
import { inheritedEnvironment } from './platform/environment.ts'

const browser = await findBrowser()

export default defineConfig({
  testDir: './e2e',
  outputDir: './test-results',
  // Each test runs a whole installation: database, intake, stream, dashboard.
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: [['list']],
  use: {
    launchOptions: {
      ...(browser.executablePath && { executablePath: browser.executablePath }),
      env: definedOf(inheritedEnvironment(browser.env)),
    },
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
})

function definedOf(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
