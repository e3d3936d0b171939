import { BATCH_RULES, HOURLY_RULES, KEYED_RULES } from '#domain/batch-rules/catalogue.ts'
import { businessDaySpan } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import { STREAM_RULES } from '#domain/rules/catalogue.ts'
import { enrichedHistory } from '#seed/history/world-history.ts'
import { createRandom } from '#seed/world/random.ts'
import { createWorld, type World } from '#seed/world/world.ts'
import { judgeAlerts, outagesOf, type RuleRecord } from './alerts/judge.ts'
import { type Entry, plantInto } from './alerts/plant-into.ts'
import { plantsAcross, plantsOf } from './alerts/plants.ts'
import { playBatchRules } from './alerts/play-batch-rules.ts'
import { playRules } from './alerts/play-rules.ts'
import { type Figure, percentile } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { shortages } from './shortages.ts'

const benchmark = 'alerts'
const RANDOM_SEED = 1
/** A quarter that has two clock changes in it, and ends before Christmas begins. */
const UNTIL = Date.UTC(2026, 10, 23, 3)
/** Until then nothing is known of what is usual. */
const LEARNING_WEEKS = 3
/** On ordinary days, all rules together, for each store and week. */
const MOST_FALSE_ALARMS = 1

/**
 * How often rules are right: a seeded history with fraud and outages planted into it, at known times and of known size,
 * in memory, with the habits of the weeks before; and how often alerts of shortages are, over the same quarter as it was.
 * No database, no clock: the same figures on any machine.
 */
export async function alerts({ quarter }: BenchOptions): Promise<Figure[]> {
  const { days, stores, ordersPerDay } = quarter
  const world = createWorld({ randomSeed: RANDOM_SEED, stores, ordersPerDay })
  const firstDay = addDays(new Date(UNTIL).toISOString().slice(0, 10), -days + 7 * LEARNING_WEEKS)
  const weeks = Math.floor((days - 7 * LEARNING_WEEKS) / 7)
  if (weeks < 1)
    throw new Error(
      `--days must be ${7 * (LEARNING_WEEKS + 1)} at least: ${LEARNING_WEEKS} weeks are learnt from`,
    )
  const random = createRandom(RANDOM_SEED, 'plants')
  const across = {
    from: firstDay,
    weeks,
    skus: world.products.map(({ sku }) => sku),
    random: createRandom(RANDOM_SEED, 'plants across stores'),
  }
  const plants = [
    ...plantsOf(world.shops, { from: firstDay, weeks, random }),
    ...plantsAcross(world.shops, across),
  ]
  const history = [...historyOf(world, days)]
  const entries = [...plantInto(history, { plants, random })]
  const { shops } = world
  const raised = [
    ...playRules(entries, { rules: STREAM_RULES, shops }),
    ...playBatchRules(entries, { keyedRules: KEYED_RULES, hourlyRules: HOURLY_RULES, shops }),
  ]
  const [shop] = world.shops
  if (!shop) throw new Error('a world has a store at least')
  const { start } = businessDaySpan(firstDay, shop)
  const records = judgeAlerts(raised, { plants, outages: outagesOf(history), from: start })
  return [...figuresOf(records, stores * weeks), ...shortages({ quarter, until: UNTIL })]
}

function* historyOf(world: World, days: number): Generator<Entry> {
  yield* enrichedHistory(world, { days, until: UNTIL })
}

function figuresOf(records: ReadonlyMap<string, RuleRecord>, storeWeeks: number): Figure[] {
  const figures: Figure[] = []
  const add = (name: string, record: RuleRecord, target?: Figure['target']) => {
    const { alerts: all, rightly, planted, found, minutes } = record
    const figure = (of: string, value: number, unit: Figure['unit']) =>
      figures.push({ benchmark, name: `${name}: ${of}`, value, unit })
    figure(`precision (${rightly} of ${all})`, all === 0 ? Number.NaN : rightly / all, 'ratio')
    figure(`recall (${found} of ${planted})`, planted === 0 ? Number.NaN : found / planted, 'ratio')
    figure(
      'median to detection',
      percentile(
        minutes.toSorted((one, other) => one - other),
        0.5,
      ),
      'minutes',
    )
    figures.push({
      benchmark,
      name: `${name}: false alarms`,
      value: (all - rightly) / storeWeeks,
      unit: 'per store and week',
      ...(target && { target }),
    })
  }
  const total: RuleRecord = { alerts: 0, rightly: 0, planted: 0, found: 0, minutes: [] }
  for (const { name } of [...STREAM_RULES, ...BATCH_RULES]) {
    const record = records.get(name)
    if (!record) continue
    add(name, record)
    total.alerts += record.alerts
    total.rightly += record.rightly
    total.planted += record.planted
    total.found += record.found
    total.minutes.push(...record.minutes)
  }
  add('all rules', total, { atMost: MOST_FALSE_ALARMS })
  return figures
}
