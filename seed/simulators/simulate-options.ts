import { isScenarioName, SCENARIOS, type ScenarioName } from '#domain/scenario.ts'
import { parseOptions, UsageError, valued, wholeNumber } from '#platform/command.ts'
import { speedOption } from '#platform/demo-speed-option.ts'

const LONGEST_SCENARIO_MINUTES = 1_440

export interface SimulateOptions {
  /** Null: none was asked for, so the ordinary day. */
  scenario: ScenarioName | null
  /** Times the pace of the history; null: as it was set last, on the page or here. */
  speed: number | null
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
  --speed N           times the pace of the seeded history (default: as set last, 1 at first; decimals allowed)
  --for MINUTES       how long (default: as long as the scenario says; without one, until stopped)
  --help              this text
`

/** @throws UsageError on an unknown option or scenario, or a value out of range */
export function parseSimulateOptions(args: readonly string[]): SimulateOptions {
  const {
    scenario = null,
    speed = null,
    for: minutes = null,
  } = parseOptions(args, {
    scenario: valued(parseScenario),
    speed: speedOption,
    for: wholeNumber({ least: 1, most: 1_000_000 }),
  })
  if (scenario !== null && minutes !== null && minutes > LONGEST_SCENARIO_MINUTES) {
    throw new UsageError(
      `--for is "${minutes}", but must be a whole number from 1 to ${LONGEST_SCENARIO_MINUTES}.`,
    )
  }
  return { scenario, speed, minutes }
}

function parseScenario(given: string): ScenarioName {
  if (isScenarioName(given)) return given
  throw new UsageError(
    `--scenario is "${given}", but must be one of: ${SCENARIOS.map(({ name }) => name).join(', ')}.`,
  )
}
