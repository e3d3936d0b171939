import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { ensurePagesBuilt } from './build-pages.ts'
import { narrateTo } from './narrate.ts'
import { stopOnSignals } from './stop-signal.ts'
import { parseTestOptions, type TestOptions, testUsage } from './test-options.ts'
import { addCounts, countPlaywright, countVitest, summaryLine, type TestCounts } from './test-results.ts'
import { UsageError } from './usage-error.ts'

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
  LOG_LEVEL: undefined,
  NODE_ENV: undefined,
}

const stop = stopOnSignals(() => process.exit(130))

/** Runs the tests, each with its own output, and ends with the plain line `N passed, N failed`. */
async function runTests(options: TestOptions): Promise<boolean> {
  const reports = await mkdtemp(path.join(os.tmpdir(), 'tillstream-reports-'))
  try {
    const counts: TestCounts[] = []
    const projects = options.parts.filter(part => part !== 'browser')
    if (projects.length > 0)
      counts.push(await runVitest(options, projects, path.join(reports, 'vitest.json')))
    if (options.parts.includes('browser') && (await hasBrowserTests(options))) {
      counts.push(await runPlaywright(options, path.join(reports, 'playwright.json')))
    }
    const sum = addCounts(counts)
    const ranNone = sum.passed + sum.failed + sum.skipped === 0
    if (ranNone)
      process.stderr.write(`\nNo test ran: no test file's path contains ${options.filters.join(' or ')}.\n`)
    process.stdout.write(`\n${summaryLine(sum)}\n`)
    return sum.failed === 0 && !ranNone
  } finally {
    await rm(reports, { recursive: true, force: true })
  }
}

async function runVitest(
  options: TestOptions,
  projects: readonly string[],
  report: string,
): Promise<TestCounts> {
  const exitCode = await runTool('vitest/vitest.mjs', {
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

async function runPlaywright(options: TestOptions, report: string): Promise<TestCounts> {
  const narration = narrateTo(process.stdout)
  try {
    await narration.step(
      'Pages',
      () => ensurePagesBuilt(),
      built => (built ? 'built' : 'as built before'),
    )
  } catch (error) {
    narration.failed('Pages', error instanceof Error ? error.message : String(error))
    return { passed: 0, failed: 1, skipped: 0 }
  }
  const exitCode = await runTool('@playwright/test/cli.js', {
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
  { args, settings }: { args: readonly string[]; settings?: Record<string, string> },
): Promise<number> {
  if (stop.aborted) return 1
  const child = spawn(process.execPath, [path.join(projectRoot, 'node_modules', script), ...args], {
    cwd: projectRoot,
    env: inheritedEnvironment({ ...noSettings, ...settings }),
    stdio: ['ignore', 'inherit', 'inherit'],
    // A group of its own: Ctrl+C would reach it twice, from the terminal and from us, and the second time it
    // would leave its servers and browsers behind.
    detached: true,
  })
  stop.addEventListener('abort', () => child.kill('SIGINT'), { once: true })
  await once(child, 'exit')
  return child.exitCode ?? 1
}

async function readReport(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

try {
  const options = parseTestOptions(process.argv.slice(2), Date.now())
  if (options.help) process.stdout.write(testUsage)
  else process.exitCode = (await runTests(options)) ? 0 : 1
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (error instanceof UsageError) process.stderr.write(testUsage)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
