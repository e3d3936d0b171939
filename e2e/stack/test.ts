import { test as base, expect } from '@playwright/test'
import { berlin, lisboa } from '#domain/testing/stores.ts'
import { type DatabaseServer, startDatabaseServer } from './database-server.ts'
import { type Installation, type Stack, startStack } from './stack.ts'

/** A browser test with an installation of its own, running, with stores but without any event. */
export const test = base.extend<
  { installation: Installation; stack: Stack },
  { databaseServer: DatabaseServer }
>({
  databaseServer: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names a fixture needs from its pattern
    async ({}, use) => {
      const server = await startDatabaseServer()
      await use(server)
      await server.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  // An object, because Playwright takes an option that is an array for a fixture with its settings.
  installation: [{ stores: [berlin, lisboa] }, { option: true }],
  stack: async ({ databaseServer, installation }, use, info) => {
    const databaseUrl = await databaseServer.createDatabase()
    const stack = await startStack(databaseUrl, installation)
    await use(stack)
    await stack.close()
    await databaseServer.dropDatabase(databaseUrl)
    if (info.status !== info.expectedStatus) {
      await info.attach('output of the processes', { body: stack.output(), contentType: 'text/plain' })
    }
  },
  // Addresses in tests are paths of the installation's dashboard.
  baseURL: async ({ stack }, use) => use(stack.url),
})

export { expect }
