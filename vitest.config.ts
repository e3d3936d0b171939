import { configDefaults, defineConfig } from 'vitest/config'

const exclude = [...configDefaults.exclude, '**/.next/**', '**/.data/**', 'e2e/**']

export default defineConfig({
  test: {
    // Two cores, of which the server of the integration tests takes its share.
    maxWorkers: 2,
    sequence: { seed: Date.now() % 1_000_000_000 },
    teardownTimeout: 30_000,
    projects: [
      {
        test: {
          name: 'unit',
          // Pure tests: one module graph for all of them, instead of one for each file.
          isolate: false,
          // No test asserts a time: a busy machine must not fail one.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...exclude, '**/*.integration.test.ts'],
          globalSetup: ['./db/testing/seed.ts'],
          setupFiles: ['./db/testing/randomness.ts'],
        },
      },
      {
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude,
          globalSetup: ['./db/testing/seed.ts', './db/testing/server.ts'],
          setupFiles: ['./db/testing/randomness.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
