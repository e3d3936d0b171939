import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { flag, parseOptions, runCommand, UsageError, valued, wholeNumber } from '#platform/command.ts'
import { speedOption } from '#platform/demo-speed-option.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { tryLock, unlock } from '#platform/file-lock.mjs'
import { stopOnSignals, unlessStopped } from '#platform/process.ts'
import type { Installation } from './installation.ts'
import { type DemoOptions, SCALES, type Scale, startDemo } from './startup.ts'
import { openTerminal, seconds, shownPath } from './terminal.ts'

export const DEMO_USAGE = `Usage: npm run demo -- [options]

Starts everything on this machine: Postgres, the processes, the simulators and the dashboard.
A later start goes on where it was.

  --port N            dashboard's port, the intake takes N + 1 (default 3000, or the next free pair)
  --days N            days of history in an empty database
  --stores N          stores
  --orders-per-day N  orders a day, all stores together
  --random-seed N     another history; the same number gives the same one
  --speed N           how many times faster than their history the shops sell (default: as set last, 1 at first)
  --no-seed           no history in an empty database: only what happens from now on
  --no-simulate       no simulated tills: only what you send yourself
  --scale WHAT        the log in Kafka (kafka), and the stream by Flink beside ours (flink); needs a JDK of 17 or later.
                      A log that is in Kafka stays there: later starts need no option
  --reset             begin anew: delete the demo's database and drop folder first
  --help              this text

The history's defaults are those of "npm run seed -- --help".
`

const forTheSeeder = {
  days: wholeNumber({ least: 1, most: 3_650 }),
  stores: wholeNumber({ least: 1, most: 10_000 }),
  'orders-per-day': wholeNumber({ least: 1, most: 10_000_000 }),
  'random-seed': wholeNumber({ least: 0, most: 2_147_483_647 }),
} as const

/** @throws UsageError on an unknown option or a value out of range */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const given = parseOptions(args, {
    port: wholeNumber({ least: 1, most: 65_534 }),
    'no-seed': flag(),
    'no-simulate': flag(),
    reset: flag(),
    speed: speedOption,
    scale: valued(parseScale),
    ...forTheSeeder,
  })
  const { port, noSeed, noSimulate, reset, speed, scale, days, stores, ordersPerDay, randomSeed } = given
  const passedOn = { days, stores, 'orders-per-day': ordersPerDay, 'random-seed': randomSeed }
  return {
    port,
    seed: !noSeed,
    simulate: !noSimulate,
    reset,
    speed,
    scale,
    seederArguments: Object.entries(passedOn).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, `${value}`],
    ),
  }
}

function parseScale(name: string): Scale {
  const scale = SCALES.find(one => one === name)
  if (scale) return scale
  throw new UsageError(`--scale is "${name}", but must be one of ${SCALES.join(', ')}.`)
}

/** Runs the demo until somebody asks for its end. */
async function runDemo(options: DemoOptions): Promise<void> {
  const environment = readEnvironment()
  const terminal = openTerminal(process.stdout)
  const endSteps: (() => Promise<void>)[] = []
  const atEnd = (step: () => Promise<void>) => void endSteps.push(step)
  let installation: Installation | undefined
  const stop = stopOnSignals(() => {
    installation?.killAll()
    process.exit(130)
  })
  try {
    atEnd(await lockDataDir(environment))
    installation = await startDemo({ options, environment, terminal, stop, atEnd })
    await unlessStopped(stop, new Promise(() => {}))
  } catch (error) {
    // What fails because everything ends is no failure.
    if (!stop.aborted) throw error
    terminal.line('\nStopping …')
  } finally {
    const began = performance.now()
    for (const step of endSteps.toReversed()) await step()
    if (stop.aborted) {
      const took = seconds(performance.now() - began).trim()
      terminal.line(`Stopped in ${took}. The data stays in ${shownPath(environment.dataDir)}.`)
    }
  }
}

/** Two demos on one data folder would run two of everything. @returns gives the folder up */
async function lockDataDir({ dataDir }: Environment): Promise<() => Promise<void>> {
  const file = path.join(dataDir, 'demo.lock')
  const holder = await mkdir(dataDir, { recursive: true })
    .then(() => tryLock(file))
    .catch((cause: Error) => {
      throw new Error(
        `${shownPath(dataDir)} cannot be written (${cause.message}). Set DATA_DIR to a folder of your own.`,
        { cause },
      )
    })
  if (holder !== undefined) {
    throw new Error(
      `A demo already runs on ${shownPath(dataDir)} (process ${holder}). Stop it first, or set DATA_DIR to another folder.`,
    )
  }
  return async () => unlock(file)
}

if (import.meta.main) {
  await runCommand({
    usage: DEMO_USAGE,
    hint: '"npm run demo -- --help" lists the options.',
    parse: parseDemoOptions,
    run: runDemo,
  })
}
