import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { messageOf, parseOptions, runCommand, texts, UsageError, wholeNumber } from '#platform/command.ts'
import { projectRoot } from '#platform/environment.ts'
import { startProgram, stopOnSignals } from '#platform/process.ts'
import { browserFailures } from './browser-failures.ts'
import { ensurePagesBuilt } from './pages.ts'
import { openTerminal } from './terminal.ts'

const parts = ['unit', 'integration', 'browser'] as const
export type TestPart = (typeof parts)[number]

export type TestOptions = Readonly<{
  parts: readonly TestPart[]
  seed: number
  /** Only test files whose path contains one of these. */
  filters: readonly string[]
}>

const USAGE = `Usage: npm test -- [options] [FILTER…]

Runs every test: unit, integration (on a real Postgres), and the pages in a real browser.
With filters, only the test files whose path contains one of them.

  --only PART         ${parts.join(', ')}; may be given more than once
  --random-seed N     repeats a run: every run prints its seed
  --help              this text
`

const highestSeed = 999_999_999

/**
 * @param now milliseconds, from which a run without `--random-seed` takes its seed
 * @throws UsageError
 */
export function parseTestOptions(args: readonly string[], now: number): TestOptions {
  const { only, randomSeed, words } = parseOptions(
    args,
    { only: texts(), 'random-seed': wholeNumber({ least: 0, most: highestSeed }) },
    { takesWords: true },
  )
  return {
    parts: only.length === 0 ? parts : only.map(parsePart),
    seed: randomSeed ?? now % highestSeed,
    filters: words,
  }
}

function parsePart(text: string): TestPart {
  const part = parts.find(one => one === text)
  if (part === undefined) throw new UsageError(`--only is "${text}", but must be one of ${parts.join(', ')}.`)
  return part
}

/** The tests bring their own database, ports and folders: settings of this shell must not reach them. */
const noSettings = {
  DATABASE_URL: undefined,
  DATA_DIR: undefined,
  DROP_DIR: undefined,
  HOST: undefined,
  PORT: undefined,
  INTAKE_PORT: undefined,
  INTAKE_KEY: undefined,
  DASHBOARD_PASSWORD: undefined,
  TRUSTED_PROXIES: undefined,
  SMTP_URL: undefined,
  MAIL_FROM: undefined,
  DASHBOARD_URL: undefined,
  PRIVATE_WEBHOOKS: undefined,
  LOG_LEVEL: undefined,
  NODE_ENV: undefined,
}

/** Runs the tests, each with its own output, and ends with the plain line `N passed, N failed`. */
async function runTests(options: TestOptions): Promise<number> {
  const stop = stopOnSignals(() => process.exit(130))
  const reports = await mkdtemp(path.join(os.tmpdir(), 'tillstream-reports-'))
  try {
    const counts: TestCounts[] = []
    const failures: string[] = []
    const inBrowser: string[] = []
    const projects = options.parts.filter(part => part !== 'browser')
    if (projects.length > 0) {
      const report = path.join(reports, 'vitest.json')
      counts.push(await runVitest(projects, { options, stop, report }))
      failures.push(...vitestFailures(await readReport(report)))
    }
    if (options.parts.includes('browser') && (await hasBrowserTests(options))) {
      const report = path.join(reports, 'playwright.json')
      counts.push(await runPlaywright({ options, stop, report }))
      inBrowser.push(...(await browserFailures(await readReport(report))))
    }
    const sum = addCounts(counts)
    const ranNone = sum.passed + sum.failed + sum.skipped === 0
    if (ranNone)
      process.stderr.write(`\nNo test ran: no test file's path contains ${options.filters.join(' or ')}.\n`)
    if (inBrowser.length > 0)
      process.stdout.write(`\nWhere the browser's failed:\n\n${inBrowser.join('\n\n')}\n`)
    // Once more at the end, where the browser's have their own: a build shows the last part of what it printed.
    if (failures.length > 0)
      process.stdout.write(`\nFailed before the browser:\n\n${failures.join('\n\n')}\n`)
    process.stdout.write(`\n${summaryLine(sum)}\n`)
    return sum.failed === 0 && !ranNone ? 0 : 1
  } finally {
    await rm(reports, { recursive: true, force: true })
  }
}

/** One runner's part of a run. */
type Part = Readonly<{
  options: TestOptions
  stop: AbortSignal
  /** The file it is to write its report to. */
  report: string
}>

async function runVitest(projects: readonly string[], { options, stop, report }: Part): Promise<TestCounts> {
  const exitCode = await runTool('vitest/vitest.mjs', {
    stop,
    args: [
      'run',
      ...projects.flatMap(project => ['--project', project]),
      `--sequence.seed=${options.seed}`,
      '--passWithNoTests',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...options.filters,
    ],
  })
  return countVitest(exitCode, await readReport(report))
}

async function runPlaywright({ options, stop, report }: Part): Promise<TestCounts> {
  const terminal = openTerminal(process.stdout)
  try {
    await terminal.step(
      'Pages',
      () => ensurePagesBuilt(),
      built => (built ? 'built' : 'as built before'),
    )
  } catch (error) {
    terminal.failed('Pages', messageOf(error))
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const exitCode = await runTool('@playwright/test/cli.js', {
    stop,
    args: ['test', '--reporter=list,json', ...options.filters],
    settings: { PLAYWRIGHT_JSON_OUTPUT_FILE: report },
  })
  return countPlaywright(exitCode, await readReport(report))
}

/** Filters name test files of either runner: the browser is not started for those of vitest alone. */
async function hasBrowserTests({ filters }: TestOptions): Promise<boolean> {
  const names = await readdir(path.join(projectRoot, 'e2e'))
  const files = names.filter(name => name.endsWith('.spec.ts')).map(name => `e2e/${name}`)
  // Playwright takes a line and a column too: live.spec.ts:17:5.
  const wanted = filters.map(filter =>
    path.relative(projectRoot, path.resolve(projectRoot, filter)).replace(/(:\d+){1,2}$/, ''),
  )
  return wanted.length === 0 || files.some(file => wanted.some(filter => file.includes(filter)))
}

async function runTool(
  script: string,
  { args, settings, stop }: { args: readonly string[]; settings?: Record<string, string>; stop: AbortSignal },
): Promise<number> {
  if (stop.aborted) return 1
  const tool = startProgram({
    entry: `node_modules/${script}`,
    args,
    settings: { ...noSettings, ...settings },
    output: 'inherit',
    isTool: true,
    // A group of its own: Ctrl+C would reach it twice, from the terminal and from us, and the second time it
    // would leave its servers and browsers behind.
    detached: true,
  })
  stop.addEventListener('abort', () => tool.kill('SIGINT'), { once: true })
  return (await tool.ended).code ?? 1
}

async function readReport(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** How many tests passed, failed and were skipped. */
export type TestCounts = Readonly<{ passed: number; failed: number; skipped: number }>

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string().default(''),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string().default(''),
          failureMessages: z.array(z.string()).default([]),
        }),
      ),
    }),
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

/** Lines of an error that are told again at the end. */
const TOLD_LINES = 15

/** What failed by vitest's JSON report, each with its file and the first lines of its error. */
export function vitestFailures(report: unknown): string[] {
  const parsed = vitestReport.safeParse(report)
  if (!parsed.success) return []
  return parsed.data.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = path.relative(projectRoot, name)
    const failed = assertionResults.filter(test => test.status === 'failed')
    if (failed.length === 0) return status === 'failed' ? [`${file}\n${firstLines(message)}`] : []
    return failed.map(
      ({ fullName, failureMessages: [first = ''] }) => `${file} › ${fullName}\n${firstLines(first)}`,
    )
  })
}

function firstLines(text: string): string {
  return text
    .split('\n', TOLD_LINES)
    .map(line => `  ${line}`)
    .join('\n')
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

if (import.meta.main) {
  await runCommand({
    usage: USAGE,
    hint: USAGE,
    parse: args => parseTestOptions(args, Date.now()),
    run: runTests,
  })
}
