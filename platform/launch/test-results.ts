import { z } from 'zod'

/** How many tests passed, failed and were skipped. */
export type TestCounts = Readonly<{ passed: number; failed: number; skipped: number }>

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
})

const playwrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
  errors: z.array(z.unknown()),
})

/**
 * Counts vitest's JSON report. A file that failed as a whole, before any of its tests, counts as one failure.
 *
 * @param exitCode vitest's own: when it failed although no test did (an error outside of tests), that is a failure
 * @param report undefined when it wrote none
 */
export function countVitest(exitCode: number, report: unknown): TestCounts {
  const parsed = vitestReport.safeParse(report)
  if (!parsed.success) return withExitCode(exitCode || 1, nothing)
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = parsed.data
  const brokenFiles = testResults.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  ).length
  return withExitCode(exitCode, {
    passed: numPassedTests,
    failed: numFailedTests + brokenFiles,
    skipped: numPendingTests + numTodoTests,
  })
}

/** Counts Playwright's JSON report. A flaky test (passed only when repeated) counts as failed. */
export function countPlaywright(exitCode: number, report: unknown): TestCounts {
  const parsed = playwrightReport.safeParse(report)
  if (!parsed.success) return withExitCode(exitCode || 1, nothing)
  const { stats, errors } = parsed.data
  return withExitCode(exitCode, {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky + errors.length,
    skipped: stats.skipped,
  })
}

export function addCounts(counts: readonly TestCounts[]): TestCounts {
  return counts.reduce(
    (sum, one) => ({
      passed: sum.passed + one.passed,
      failed: sum.failed + one.failed,
      skipped: sum.skipped + one.skipped,
    }),
    nothing,
  )
}

/** The last line of a test run, plain. */
export function summaryLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

const nothing: TestCounts = { passed: 0, failed: 0, skipped: 0 }

function withExitCode(exitCode: number, counts: TestCounts): TestCounts {
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}
