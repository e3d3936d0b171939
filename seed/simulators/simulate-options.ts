import { parseArgs } from 'node:util'
import { MINUTE_MS } from '#domain/instant.ts'
import { parseWholeNumber, UsageError } from '../command-line.ts'
import { isScenario, SCENARIOS, type Scenario } from './scenarios.ts'

export interface SimulateOptions {
  help: boolean
  scenario: Scenario
  /** Times the ordinary pace. */
  speed: number
  /** Undefined: until somebody stops it. */
  forMs: number | undefined
}

export const SIMULATE_USAGE = `Usage: npm run simulate -- [options]

Tills and a web shop that send what they sell to a running intake (INTAKE_URL, else this machine's at
INTAKE_PORT; with INTAKE_KEY if it asks for one), in the world that the seeder made.

  --scenario NAME     what happens (default ordinary):
${Object.entries(SCENARIOS)
  .map(([name, { description }]) => `                        ${name.padEnd(10)} ${description}`)
  .join('\n')}
  --speed N           times the ordinary pace of about ${45} orders a minute (default 1; decimals allowed)
  --for MINUTES       stop after that many minutes (default: until stopped)
  --help              this text
`

/** @throws UsageError on an unknown option or scenario, or a value out of range */
export function parseSimulateOptions(args: readonly string[]): SimulateOptions {
  const values = parse(args)
  const scenario = values.scenario ?? 'ordinary'
  if (!isScenario(scenario)) {
    throw new UsageError(
      `--scenario is "${scenario}", but must be one of: ${Object.keys(SCENARIOS).join(', ')}.`,
    )
  }
  return {
    help: values.help === true,
    scenario,
    speed: values.speed === undefined ? 1 : parseSpeed(values.speed),
    forMs:
      values.for === undefined
        ? undefined
        : parseWholeNumber('for', values.for, { least: 1, most: 1_000_000 }) * MINUTE_MS,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string' },
        speed: { type: 'string' },
        for: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw UsageError.from(error)
  }
}

function parseSpeed(text: string): number {
  const speed = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && speed >= 0.01 && speed <= 1_000) return speed
  throw new UsageError(`--speed is "${text}", but must be a number from 0.01 to 1000.`)
}
