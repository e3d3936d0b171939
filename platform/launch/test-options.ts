import { parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

const parts = ['unit', 'integration', 'browser'] as const
export type TestPart = (typeof parts)[number]

export type TestOptions = Readonly<{
  help: boolean
  parts: readonly TestPart[]
  seed: number
  /** Only test files whose path contains one of these. */
  filters: readonly string[]
}>

export const testUsage = `Usage: npm test -- [options] [FILTER…]

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
  const { values, positionals } = parse(args)
  return {
    help: values.help === true,
    parts: values.only === undefined ? parts : values.only.map(parsePart),
    seed: values['random-seed'] === undefined ? now % highestSeed : parseSeed(values['random-seed']),
    filters: positionals,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        only: { type: 'string', multiple: true },
        'random-seed': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw UsageError.from(error)
  }
}

function parsePart(text: string): TestPart {
  const part = parts.find(one => one === text)
  if (part === undefined) throw new UsageError(`--only is "${text}", but must be one of ${parts.join(', ')}.`)
  return part
}

function parseSeed(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= highestSeed) return value
  throw new UsageError(`--random-seed is "${text}", but must be a whole number from 0 to ${highestSeed}.`)
}
