import { DAY_MS } from '#domain/instant.ts'
import { enrichedHistory, type WorldEnd } from '#seed/history/world-history.ts'
import { isSold } from '#seed/world/life-cycles.ts'
import { createWorld } from '#seed/world/world.ts'
import type { Entry } from './alerts/plant-into.ts'
import { type Figure, percentile } from './figures.ts'
import type { BenchOptions } from './options.ts'
import {
  byCoveredReorderPoint,
  byLiveVerdict,
  byPlan,
  byReorderPoint,
  type Judge,
} from './shortages/judges.ts'
import { playJudges } from './shortages/play-judges.ts'
import { leadsOver, scoreAlerts } from './shortages/score.ts'
import { emptySpans } from './shortages/shelves.ts'

const benchmark = 'alerts'
const RANDOM_SEED = 1
/** Three weeks are learnt from, as by the rules. */
const LEARNING_DAYS = 21

const LIVE = byLiveVerdict()
const JUDGES: readonly Judge[] = [byReorderPoint, byCoveredReorderPoint, byPlan, LIVE]

/**
 * How often alerts of shortages are right: a seeded history in which shops order as they do, whatever anybody is told, and
 * in which it is known when shelves were empty and what that cost. No database, no clock: the same figures on any machine.
 */
export function shortages({
  quarter: { days, stores, ordersPerDay },
  until,
}: Pick<BenchOptions, 'quarter'> & { until: number }): Figure[] {
  const world = createWorld({ randomSeed: RANDOM_SEED, stores, ordersPerDay })
  const { entries, end } = play(world, { days, until })
  const missed = new Map(end.missed.map(one => [`${one.store} ${one.sku} ${one.businessDay}`, one.units]))
  const happened = entries.map(({ event }) => event).sort((one, other) => one.eventTime - other.eventTime)
  const spans = emptySpans(happened, {
    shops: world.shops,
    missedOn: (store, sku, day) => missed.get(`${store} ${sku} ${day}`) ?? 0,
  }).filter(({ sku, from }) => {
    const product = world.products[world.productIndex.get(sku) ?? -1]
    return isSold(product?.lifeCycle ?? null, new Date(from).toISOString().slice(0, 10))
  })
  const raised = playJudges(entries, { world, judges: JUDGES })
  const span = { from: until - (days - LEARNING_DAYS) * DAY_MS, to: until, products: world.products.length }
  const figures = JUDGES.flatMap(({ name }) =>
    figuresOf(name, scoreAlerts(raised.get(name) ?? [], spans, span)),
  )
  const leads = leadsOver(raised.get(LIVE.name) ?? [], raised.get(byPlan.name) ?? [], spans)
  return [
    ...figures,
    {
      benchmark,
      name: `median lead of the stream over the nightly plan (${leads.length} both foretold)`,
      value: percentile(leads, 0.5),
      unit: 'hours',
    },
  ]
}

function play(world: ReturnType<typeof createWorld>, span: { days: number; until: number }) {
  const history = enrichedHistory(world, span)
  const entries: Entry[] = []
  let next = history.next()
  for (; !next.done; next = history.next()) entries.push(next.value)
  const end: WorldEnd = next.value
  return { entries, end }
}

function figuresOf(name: string, score: ReturnType<typeof scoreAlerts>): Figure[] {
  const { alerts, right, stockouts, foretold, toldLate, leadHours, perProductAndMonth, open } = score
  const figure = (of: string, value: number, unit: Figure['unit'], target?: Figure['target']): Figure => ({
    ...{ benchmark, name: `${name}: ${of}`, value, unit },
    ...(target && { target }),
  })
  const isLive = name === LIVE.name
  return [
    figure(
      `precision (${right} of ${alerts})`,
      right / alerts,
      'ratio',
      isLive ? { atLeast: 0.8 } : undefined,
    ),
    figure(
      `recall (${foretold + toldLate} of ${stockouts})`,
      (foretold + toldLate) / stockouts,
      'ratio',
      isLive ? { atLeast: 0.9 } : undefined,
    ),
    figure(`of these told before the shelf was empty (${foretold})`, foretold / stockouts, 'ratio'),
    figure('median from alert to empty shelf', percentile(leadHours, 0.5), 'hours'),
    figure('open at a time, median', percentile(open, 0.5), 'alerts'),
    figure('open at a time, on one day of ten more than', percentile(open, 0.9), 'alerts'),
    figure('alerts', perProductAndMonth, 'per product and month', isLive ? { atMost: 0.5 } : undefined),
  ]
}
