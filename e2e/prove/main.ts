import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startTestDatabase } from '#e2e/stack/database.ts'
import { openStackPlace, type StackPlace } from '#e2e/stack/stack.ts'
import { parseOptions, runCommand, text, UsageError, wholeNumber } from '#platform/command.ts'
import { projectRoot, readEnvironment } from '#platform/environment.ts'
import { ensurePagesBuilt } from '#platform/launch/pages.ts'
import { stopOnSignals } from '#platform/process.ts'
import { Coverage } from './coverage.ts'
import { drawPlan, type Plan } from './plan.ts'
import { PLANTS, type PlantName } from './plant.ts'
import { ProofFailed, playPlan } from './play.ts'
import { shrinkPlan } from './shrink.ts'

const USAGE = `Usage: npm run prove -- [options]

The whole system (real processes, a real Postgres, real requests, files and sockets) against one plain model of it.
A seed draws what is sent, how late, how often, by which way, and what is killed, frozen or restarted meanwhile. At
each quiet point the log, every report, every live table, alerts, stock, Z reports and all the socket has said must
equal the model. Plans of e2e/regressions are played first.

  --seeds N       how many seeds (20)
  --seed S        the first of them (1)
  --minutes M     stop drawing after so many minutes
  --lanes N       so many installations beside each other (2)
  --plan FILE     play this plan instead (a file that a failure left, or one of e2e/regressions)
  --plant NAME    plant a fault and say within how many seeds it is found: ${Object.keys(PLANTS).join(', ')}
  --help          this text

Exit code 1 when something differs from the model: the line that repeats it is printed, and the smallest plan that
shows it is kept.
`

const REGRESSIONS = path.join(projectRoot, 'e2e/regressions')
const SHRINK_WITHIN_MS = 4 * 60_000
/** Pairs that are named one by one: few seeds leave out more than anybody reads. */
const MOST_NAMED = 40

await runCommand({
  usage: USAGE,
  hint: '"npm run prove -- --help" lists the options.',
  parse: args => {
    const options = parseOptions(args, {
      seeds: wholeNumber({ least: 1, most: 1_000_000, unlessGiven: 20 }),
      seed: wholeNumber({ least: 0, most: 2 ** 31, unlessGiven: 1 }),
      minutes: wholeNumber({ least: 1, most: 10_000 }),
      lanes: wholeNumber({ least: 1, most: 8, unlessGiven: 2 }),
      plan: text(),
      plant: text(),
    })
    if (options.plant !== undefined && !(options.plant in PLANTS))
      throw new UsageError(
        `"${options.plant}" is no fault that can be planted: ${Object.keys(PLANTS).join(', ')}.`,
      )
    return { ...options, plant: options.plant as PlantName | undefined }
  },
  run: async ({ seeds, seed, minutes, lanes, plan, plant }) => {
    const stop = stopOnSignals()
    await ensurePagesBuilt({ stop, onBuild: () => say('Building the pages …') })
    const plans =
      plan === undefined ? [...(await regressions()), ...drawn(seed, seeds)] : [await readPlan(plan)]
    const until = performance.now() + (minutes ?? Number.POSITIVE_INFINITY) * 60_000
    const coverage = new Coverage()
    const failures: { plan: Plan; error: ProofFailed }[] = []
    let playedPlans = 0
    const next = plans.values()
    const lane = async () => {
      const database = await startTestDatabase()
      const place = await openStackPlace(database)
      try {
        for (const one of next) {
          if (stop.aborted || performance.now() > until || (failures.length > 0 && plan === undefined)) return
          const began = performance.now()
          const error = await failureOf(one, place, { coverage, plant })
          playedPlans += 1
          const seconds = ((performance.now() - began) / 1_000).toFixed(1)
          say(`${one.name}: ${one.steps.length} steps, ${seconds} s${error ? ', DIFFERS' : ''}`)
          if (!error) continue
          failures.push({ plan: one, error })
          say(error.message)
          if (plant === undefined && plan === undefined) await shrink(one, place)
        }
      } finally {
        await place.close()
        await database.stop()
      }
    }
    await Promise.all(Array.from({ length: Math.min(lanes, plans.length) }, lane))
    if (plan === undefined && failures.length === 0) say(`\n${describeCoverage(coverage)}`)
    if (plant !== undefined) {
      say(
        failures.length > 0 ? `"${plant}" is found within ${playedPlans} seeds.` : `"${plant}" is NOT found.`,
      )
      return failures.length > 0 ? 0 : 1
    }
    say(`${playedPlans - failures.length} plans equal the model, ${failures.length} differ.`)
    return failures.length > 0 ? 1 : 0
  },
})

function describeCoverage(coverage: Coverage): string {
  const empty = coverage.empty()
  if (empty.length === 0) return `${coverage.describe()}\nEvery pair was met.`
  const named = empty.slice(0, MOST_NAMED).join('; ')
  const more = empty.length > MOST_NAMED ? ` and ${empty.length - MOST_NAMED} more` : ''
  return `${coverage.describe()}\nNot met with these seeds: ${named}${more}.`
}

async function failureOf(
  plan: Plan,
  place: StackPlace,
  options: { coverage?: Coverage; plant?: PlantName | undefined } = {},
): Promise<ProofFailed | null> {
  try {
    await playPlan(plan, place, options)
    return null
  } catch (error) {
    if (error instanceof ProofFailed) return error
    throw error
  }
}

/** Finds the smallest plan that differs and keeps it, with the lines that repeat both. */
async function shrink(plan: Plan, place: StackPlace): Promise<void> {
  const isDrawn = /^s\d+$/.test(plan.name)
  say(
    `Repeat it:  npm run prove -- ${isDrawn ? `--seed ${plan.name.slice(1)} --seeds 1` : `--plan e2e/regressions/${plan.name}.json`}`,
  )
  say('Looking for the smallest plan that differs …')
  const until = performance.now() + SHRINK_WITHIN_MS
  const fails = async (smaller: Plan) => (await failureOf(smaller, place)) !== null
  const smallest = await shrinkPlan(plan, fails, () => performance.now() < until)
  const folder = path.join(readEnvironment().dataDir, 'prove')
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, `${plan.name}.json`)
  await writeFile(file, `${JSON.stringify(smallest, null, 2)}\n`)
  say(`${smallest.steps.length} steps are left:  npm run prove -- --plan ${path.relative(projectRoot, file)}`)
  say('Once mended, keep it under a telling name in e2e/regressions.')
}

function drawn(first: number, count: number): Plan[] {
  return Array.from({ length: count }, (_, index) => drawPlan(first + index))
}

async function regressions(): Promise<Plan[]> {
  const names = (await readdir(REGRESSIONS)).filter(name => name.endsWith('.json')).sort()
  return Promise.all(names.map(name => readPlan(path.join(REGRESSIONS, name))))
}

async function readPlan(file: string): Promise<Plan> {
  const content = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`There is no plan ${file}.`)
  })
  return { ...(JSON.parse(content) as Plan), name: path.basename(file, '.json') }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
