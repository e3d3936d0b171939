import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '#platform/environment.ts'
import {
  addCounts,
  countPlaywright,
  countVitest,
  parseTestOptions,
  summaryLine,
  vitestFailures,
} from './test.ts'

const vitestReport = {
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 1,
  testResults: [],
}
const playwrightReport = { stats: { expected: 3, unexpected: 0, flaky: 0, skipped: 0 }, errors: [] }

describe('the count of the tests', () => {
  test('is that of the reports', () => {
    expect(countVitest(0, vitestReport)).toEqual({ passed: 7, failed: 0, skipped: 2 })
    expect(countPlaywright(0, playwrightReport)).toEqual({ passed: 3, failed: 0, skipped: 0 })
  })

  test('has a failure for a file that could not be loaded', () => {
    const broken = { ...vitestReport, testResults: [{ status: 'failed', assertionResults: [] }] }
    expect(countVitest(1, broken).failed).toBe(1)
  })

  test('has one failure for a failed test, not another one for its file', () => {
    const testResults = [{ status: 'failed', assertionResults: [{ status: 'failed' }] }]
    expect(countVitest(1, { ...vitestReport, numFailedTests: 1, testResults }).failed).toBe(1)
  })

  test('has a failure when the runner failed and its report does not say why, or is missing', () => {
    expect(countVitest(1, vitestReport).failed).toBe(1)
    expect(countVitest(0, undefined)).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(countPlaywright(1, { rubbish: true }).failed).toBe(1)
  })

  test('takes a test that passed only when repeated, or an error outside of tests, for a failure', () => {
    const flaky = { ...playwrightReport, stats: { ...playwrightReport.stats, flaky: 1 } }
    expect(countPlaywright(0, flaky).failed).toBe(1)
    expect(countPlaywright(1, { ...playwrightReport, errors: [{ message: 'no server' }] }).failed).toBe(1)
  })

  test('comes with what failed, by file, test and error; of a file that could not be loaded, why', () => {
    const testResults = [
      {
        name: path.join(projectRoot, 'domain/a.test.ts'),
        status: 'failed',
        assertionResults: [
          { status: 'passed', fullName: 'adds', failureMessages: [] },
          { status: 'failed', fullName: 'rounds', failureMessages: ['Error: 1 is not 2\n    at a.ts:1'] },
        ],
      },
      {
        name: path.join(projectRoot, 'domain/b.test.ts'),
        status: 'failed',
        message: 'no module',
        assertionResults: [],
      },
    ]
    expect(vitestFailures({ ...vitestReport, testResults })).toEqual([
      'domain/a.test.ts › rounds\n  Error: 1 is not 2\n      at a.ts:1',
      'domain/b.test.ts\n  no module',
    ])
    expect(vitestFailures(undefined)).toEqual([])
  })

  test('ends a run as one plain line', () => {
    const counts = [countVitest(0, vitestReport), countPlaywright(0, playwrightReport)]
    expect(summaryLine(addCounts(counts))).toBe('10 passed, 0 failed, 2 skipped')
    expect(summaryLine({ passed: 1, failed: 2, skipped: 0 })).toBe('1 passed, 2 failed')
  })
})

describe('the options of the tests', () => {
  test('run everything, with another seed each time', () => {
    const options = parseTestOptions([], 1_795_200_000_123)
    expect(options).toMatchObject({ parts: ['unit', 'integration', 'browser'], filters: [] })
    expect(parseTestOptions([], 1_795_200_000_124).seed).not.toBe(options.seed)
  })

  test('choose parts, files and seed', () => {
    expect(parseTestOptions(['--only', 'unit', '--only', 'browser', 'money', '--random-seed=7'], 0)).toEqual({
      parts: ['unit', 'browser'],
      seed: 7,
      filters: ['money'],
    })
  })

  test.each([
    [['--only', 'everything'], 'must be one of unit, integration, browser'],
    [['--watch'], "Unknown option '--watch'."],
    [['--random-seed', 'x'], '--random-seed is "x"'],
  ])('are refused when wrong: %o', (args, message) => {
    expect(() => parseTestOptions(args, 0)).toThrow(message)
  })
})
