import { parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

export type DemoOptions = Readonly<{
  help: boolean
  /** Asked for by name; undefined means 3000 or the next free pair. */
  port: number | undefined
  seed: boolean
  simulate: boolean
  /** Delete the demo's data first. */
  reset: boolean
  /** Options for the seeder, as it takes them. */
  seederArguments: readonly string[]
}>

export const demoUsage = `Usage: npm run demo -- [options]

Starts everything on this machine: Postgres, the processes, the simulators and the dashboard.
A later start goes on where it was.

  --port N            dashboard's port, the intake takes N + 1 (default 3000, or the next free pair)
  --days N            days of history in an empty database
  --stores N          stores
  --orders-per-day N  orders a day, all stores together
  --random-seed N     another history; the same number gives the same one
  --no-seed           no history in an empty database: only what happens from now on
  --no-simulate       no simulated tills: only what you send yourself
  --reset             begin anew: delete the demo's database and drop folder first
  --help              this text

The history's defaults are those of "npm run seed -- --help".
`

const numbers = {
  port: { least: 1, most: 65_534 },
  days: { least: 1, most: 3_650 },
  stores: { least: 1, most: 10_000 },
  'orders-per-day': { least: 1, most: 10_000_000 },
  'random-seed': { least: 0, most: 2_147_483_647 },
} as const

type NumberName = keyof typeof numbers

/** @throws UsageError on an unknown option or a value out of range */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const values = parse(args)
  const given = new Map<NumberName, number>()
  for (const name of Object.keys(numbers).filter(isNumberName)) {
    const text = values[name]
    if (text !== undefined) given.set(name, parseNumber(name, text))
  }
  return {
    help: values.help === true,
    port: given.get('port'),
    seed: values['no-seed'] !== true,
    simulate: values['no-simulate'] !== true,
    reset: values.reset === true,
    seederArguments: [...given]
      .filter(([name]) => name !== 'port')
      .flatMap(([name, value]) => [`--${name}`, `${value}`]),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        port: { type: 'string' },
        days: { type: 'string' },
        stores: { type: 'string' },
        'orders-per-day': { type: 'string' },
        'random-seed': { type: 'string' },
        'no-seed': { type: 'boolean' },
        'no-simulate': { type: 'boolean' },
        reset: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw UsageError.from(error)
  }
}

function parseNumber(name: NumberName, text: string): number {
  const { least, most } = numbers[name]
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(`--${name} is "${text}", but must be a whole number from ${least} to ${most}.`)
}

function isNumberName(name: string): name is NumberName {
  return Object.hasOwn(numbers, name)
}
