import { test as base, expect } from '@playwright/test'
import { berlin, lisboa } from '#domain/testing/stores.ts'
import { opensAlive } from './alive.ts'
import { startTestDatabase } from './database.ts'
import { inMidDay } from './mid-day.ts'
import { type Installation, openStackPlace, type Stack, type StackPlace } from './stack.ts'

/** A test whose pages listen once they are open, those that it opens further in the same browser among them. */
export const pageTest = base.extend({
  context: async ({ context }, use) => {
    context.on('page', opensAlive)
    await use(context)
  },
})

/** A test that begins installations itself, and needs no page. */
export const placeTest = pageTest.extend<object, { stackPlace: StackPlace }>({
  stackPlace: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names a fixture needs from its pattern
    async ({}, use) => {
      const database = await startTestDatabase()
      const place = await openStackPlace(database)
      await use(place)
      await place.close()
      await database.stop()
    },
    { scope: 'worker', timeout: 300_000 },
  ],
})

/** A browser test with an installation of its own, running, with stores but without any event. */
export const test = placeTest.extend<{ installation: Installation; stack: Stack }>({
  // An object, because Playwright takes an option that is an array for a fixture with its settings.
  installation: [{ stores: [berlin, lisboa] }, { option: true }],
  // Before the page, which is closed before the next installation begins.
  stack: async ({ stackPlace, installation }, use, info) => {
    const stack = await stackPlace.begin({ ...installation, stores: installation.stores.map(inMidDay) })
    await use(stack)
    if (info.status !== info.expectedStatus) {
      await info.attach('output of the processes', { body: stack.output(), contentType: 'text/plain' })
    }
  },
  // Addresses in tests are paths of the installation's dashboard.
  baseURL: async ({ stack }, use) => use(stack.url),
})

export { expect }
