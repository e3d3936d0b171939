import { parseArgs } from 'node:util'
import { isScenarioName, SCENARIOS, type ScenarioName } from '#domain/scenario.ts'
import { parseWholeNumber, UsageError } from '#seed/seeder/command-line.ts'
import { ORDERS_PER_MINUTE } from './pace.ts'

export interface SimulateOptions {
  help: boolean
  /** Null: none was asked for, so the ordinary day. */
  scenario: ScenarioName | null
  /** Times the ordinary pace. */
  speed: number
  /** How long; null: as long as the scenario usually takes, and without one until somebody stops it. */
  minutes: number | null
}

export const SIMULATE_USAGE = `Usage: npm run simulate -- [options]

Tills and a web shop that send what they sell to a running intake (INTAKE_URL, else this machine's at
INTAKE_PORT; with INTAKE_KEY if it asks for one), in the world that the seeder made. Journal stores drop files
into DROP_DIR instead. Where simulators run already (the demo's), they are asked to play the scenario, and this
command follows it to its end; Ctrl+C asks them to stop it.

  --scenario NAME     what happens on top of the ordinary day:
${SCENARIOS.map(
  ({ name, description, minutes }) =>
    `                        ${name.padEnd(15)} ${description}${name === 'ordinary' ? '' : ` (${minutes} minutes)`}`,
).join('\n')}
  --speed N           times the ordinary pace of about ${ORDERS_PER_MINUTE} orders a minute (default 1; decimals allowed)
  --for MINUTES       how long (default: as long as the scenario says; without one, until stopped)
  --help              this text
`

/** @throws UsageError on an unknown option or scenario, or a value out of range */
export function parseSimulateOptions(args: readonly string[]): SimulateOptions {
  const values = parse(args)
  const { scenario = null } = values
  if (scenario !== null && !isScenarioName(scenario)) {
    throw new UsageError(
      `--scenario is "${scenario}", but must be one of: ${SCENARIOS.map(({ name }) => name).join(', ')}.`,
    )
  }
  return {
    help: values.help === true,
    scenario,
    speed: values.speed === undefined ? 1 : parseSpeed(values.speed),
    minutes:
      values.for === undefined
        ? null
        : parseWholeNumber('for', values.for, { least: 1, most: scenario === null ? 1_000_000 : 1_440 }),
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
