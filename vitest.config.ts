import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const exclude = [...configDefaults.exclude, '**/.next/**', '**/.data/**', 'e2e/**']

/** Trials begin first: each takes long, and a long file that begins last leaves a core without work. */
class TrialsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isTrial = ({ moduleId }: TestSpecification) => moduleId.includes('/seed/trials/')
    return [...sorted.filter(isTrial), ...sorted.filter(file => !isTrial(file))]
  }
}

export default defineConfig({
  test: {
    // One more than two cores: tests wait for Postgres, for processes they start, and for what these do.
    maxWorkers: 3,
    sequence: { seed: Date.now() % 1_000_000_000, sequencer: TrialsFirst },
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
          globalSetup: [
            './db/testing/seed.ts',
            './db/testing/server.ts',
            './scale/kafka/testing/shared-broker.ts',
          ],
          setupFiles: ['./db/testing/randomness.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
})
