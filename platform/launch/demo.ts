import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { tryLock, unlock } from '#platform/file-lock.mjs'
import { bringUp, shownPath } from './bring-up.ts'
import { DemoError } from './demo-error.ts'
import { type DemoOptions, demoUsage, parseDemoOptions } from './demo-options.ts'
import type { Fleet } from './fleet.ts'
import { type Narration, narrateTo, seconds } from './narrate.ts'
import { StopRequested, stopOnSignals, unlessStopped } from './stop-signal.ts'
import { UsageError } from './usage-error.ts'

/** Runs the demo until somebody asks for its end. */
async function demo(options: DemoOptions, environment: Environment, narration: Narration): Promise<void> {
  const endSteps: (() => Promise<void>)[] = []
  const atEnd = (step: () => Promise<void>) => void endSteps.push(step)
  let fleet: Fleet | undefined
  const stop = stopOnSignals(() => {
    fleet?.killAll()
    process.exit(130)
  })
  try {
    const unlockDataDir = await lockDataDir(environment)
    atEnd(unlockDataDir)
    fleet = await bringUp({ options, environment, narration, stop, atEnd })
    await unlessStopped(stop, new Promise(() => {}))
  } catch (error) {
    if (!(error instanceof StopRequested) && !stop.aborted) throw error
    narration.line('\nStopping …')
  } finally {
    const began = performance.now()
    for (const step of endSteps.toReversed()) await step()
    if (stop.aborted) sayStopped(narration, environment, performance.now() - began)
  }
}

function sayStopped(narration: Narration, { dataDir }: Environment, tookMs: number): void {
  narration.line(`Stopped in ${seconds(tookMs).trim()}. The data stays in ${shownPath(dataDir)}.`)
}

/** Two demos on one data folder would run two of everything. */
async function lockDataDir({ dataDir }: Environment): Promise<() => Promise<void>> {
  const file = path.join(dataDir, 'demo.lock')
  const holder = await mkdir(dataDir, { recursive: true })
    .then(() => tryLock(file))
    .catch((cause: Error) => {
      throw new DemoError(
        `${shownPath(dataDir)} cannot be written (${cause.message}). Set DATA_DIR to a folder of your own.`,
        { cause },
      )
    })
  if (holder !== undefined) {
    throw new DemoError(
      `A demo already runs on ${shownPath(dataDir)} (process ${holder}). Stop it first, or set DATA_DIR to another folder.`,
    )
  }
  return async () => unlock(file)
}

try {
  const options = parseDemoOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(demoUsage)
  else await demo(options, readEnvironment(), narrateTo(process.stdout))
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (error instanceof UsageError) process.stderr.write('"npm run demo -- --help" lists the options.\n')
  process.exit(error instanceof UsageError ? 2 : 1)
}
