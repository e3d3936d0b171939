import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { Figure } from './figures.ts'
import { type Accuracy, accuracyOf } from './forecast/accuracy.ts'
import { foresee, realDecember, seededWorld, type WorldDays } from './forecast/world-days.ts'
import type { BenchOptions } from './options.ts'

const benchmark = 'forecast'
/** Every so many products are what the oracle was asked about: it takes a minute for those alone. */
const SAMPLE = 10
/** No worse than the best of the oracle by more than that. */
const MOST_BEHIND = 1.05

/** By world, class and model of statsforecast: written by forecast/oracle.py. */
const ORACLE = JSON.parse(readFileSync(new URL('./forecast/oracle.json', import.meta.url), 'utf8')) as Record<
  string,
  Record<string, Record<string, Omit<Accuracy, 'products'>>>
>

/**
 * How well demand is foreseen: the last weeks of the seeded world, and with `--files` the real December, each day's units
 * from the days before alone; beside the best that any model of another library makes of the same series, and beside the
 * seasonal naive forecast. No database, no clock: the same figures on any machine.
 */
export async function forecast({ series, files }: BenchOptions): Promise<Figure[]> {
  const worlds = [seededWorld(), ...(files === undefined ? [] : [await realDecember(files)])]
  const judged = worlds.map(world => ({ world, rows: sampleOf(world) }))
  if (series !== undefined) await writeFile(series, JSON.stringify(judged.map(forOracle)))
  return judged.flatMap(({ world, rows }) => {
    const classes = ['all', ...new Set(rows.map(({ classed }) => classed))].sort()
    return classes.flatMap((demandClass): Figure[] => {
      const own = rows.filter(({ classed }) => demandClass === 'all' || classed === demandClass)
      const ours = accuracyOf(
        own.map(({ foreseen }) => foreseen),
        world.season,
      )
      const naive = accuracyOf(
        own.map(({ naive }) => naive),
        world.season,
      )
      const name = (of: string) =>
        `${world.name}, ${demandClass} (${own.length / world.origins.length}): ${of}`
      return (['wape', 'mase'] as const).flatMap((measure): Figure[] => {
        const best = bestOf(world.name, demandClass, measure)
        return [
          {
            ...{ benchmark, name: name(measure.toUpperCase()), value: ours[measure], unit: 'ratio' },
            ...(best && {
              beside: { name: best.model, value: best.value },
              target: { atMost: best.value * MOST_BEHIND },
            }),
          },
          {
            ...{ benchmark, name: name(`${measure.toUpperCase()} against naive`), value: ours[measure] },
            ...{ unit: 'ratio', beside: { name: 'seasonal naive', value: naive[measure] } },
          },
        ]
      })
    })
  })
}

function bestOf(world: string, demandClass: string, measure: 'wape' | 'mase') {
  const models = Object.entries(ORACLE[world]?.[demandClass] ?? {})
  const [first, ...others] = models.map(([model, accuracy]) => ({ model, value: accuracy[measure] }))
  return first && others.reduce((best, one) => (one.value < best.value ? one : best), first)
}

/** The products that the oracle was asked about: no editions, since it knows nothing of shelves. Each is of the class that it has at the first origin. */
function sampleOf(world: WorldDays) {
  const isAsked = new Set(
    world.products.filter(({ isAlwaysSold }, index) => isAlwaysSold && index % SAMPLE === 0),
  )
  const rows = foresee(world).filter(({ product }) => isAsked.has(product))
  const classes = new Map<object, string>()
  for (const { product, demandClass } of rows) {
    if (!classes.has(product)) classes.set(product, demandClass)
  }
  return rows.map(row => ({ ...row, classed: classes.get(row.product) ?? row.demandClass }))
}

function forOracle({ world, rows }: { world: WorldDays; rows: ReturnType<typeof sampleOf> }) {
  const { name, season, origins, horizon } = world
  const products = new Map(rows.map(({ product, classed }) => [product, classed]))
  return {
    ...{ name, season, origins, horizon },
    products: [...products].map(([{ store, sku, units, isJudged }, classed]) => ({
      ...{ store, sku, class: classed },
      units: Array.from(units),
      isJudged: Array.from(isJudged),
    })),
  }
}
