import type { EventType } from '#domain/event.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'

/*
 * Invariant: a plan is data, and a seed draws the same plan every time. What is played, repeated, shrunk and kept as a
 * regression is the plan; times in it are told against the moment of playing.
 *
 *   seed ─> plan: step, step, … quiet, step, … quiet
 *             │ send (events along the axes) · policy · garbage · fault (strikes while the next step is under way)
 *             └ quiet: everything is up again and read to the end; then all that can be seen must equal the model
 */

/** How an event's own time lies against the moment it is sent. */
export const LATENESS = [
  'on time',
  'minutes late',
  'after final',
  'days late',
  'date only',
  'clock change',
  'clock a minute ahead',
  'clock a day ahead',
] as const
export type Lateness = (typeof LATENESS)[number]

/** How often an event is sent. */
export const REPEATS = ['once', 'twice in one request', 'again later', 'again with another body'] as const
export type RepeatKind = (typeof REPEATS)[number]

/** The way an event takes to the log. */
export const PATHS = ['one by one', 'array', 'ndjson', 'gzip', 'dashboard', 'dropped file', 'import'] as const
export type Path = (typeof PATHS)[number]

/** What happens beside. */
export const FAULTS = [
  'kill intake',
  'kill stream',
  'kill dashboard',
  'kill jobs',
  'kill all',
  'freeze intake',
  'freeze stream',
  'freeze dashboard',
  'restart postgres',
  'replay',
  'backfill',
  'client reconnects',
  'clients leave',
  'stores will change',
  'moving past days is refused',
] as const
export type Fault = (typeof FAULTS)[number]

export const TYPES: readonly EventType[] = [
  'order.placed',
  'order.voided',
  'order.returned',
  'till.closed',
  'stock.received',
  'stock.counted',
  'stock.adjusted',
  'stock.transferred',
  'purchase.placed',
  'purchase.confirmed',
  'purchase.cancelled',
  'review.posted',
  'price.changed',
]

/** One event to be made when its turn comes; `draw` is the seed of its contents. */
export interface PlannedEvent {
  id: string
  type: EventType
  store: string
  lateness: Lateness
  repeat: RepeatKind
  draw: number
}

export type Step =
  | { do: 'send'; path: Path; events: readonly PlannedEvent[] }
  /** Sends events of earlier steps once more: as they were, or with another body. */
  | { do: 'repeat'; path: Path; ids: readonly string[]; other: boolean }
  | { do: 'policy'; store: string; sku: string; reorderPoint: number; orderUpTo: number }
  | { do: 'garbage'; draw: number }
  | { do: 'fault'; fault: Fault; afterMs: number }
  | { do: 'quiet' }

export interface Plan {
  /** Begins the ids of its events. */
  name: string
  steps: readonly Step[]
}

export const PLAN_STORES = EXAMPLE_STORES.map(store => store.id)
export const PLAN_SKUS = ['sku-0', 'sku-1', 'sku-2', 'sku-3']

/** Sales are most of what a shop sends, but every type gets its turn in every few plans. */
const TYPE_WEIGHTS: readonly [EventType, number][] = TYPES.map(type => [
  type,
  type === 'order.placed' ? 8 : type === 'order.returned' || type === 'stock.received' ? 3 : 2,
])
const LATENESS_WEIGHTS: readonly [Lateness, number][] = LATENESS.map(lateness => [
  lateness,
  lateness === 'on time' ? 6 : lateness === 'minutes late' || lateness === 'days late' ? 3 : 2,
])
const REPEAT_WEIGHTS: readonly [RepeatKind, number][] = REPEATS.map(repeat => [
  repeat,
  repeat === 'once' ? 7 : 1,
])
const PATH_WEIGHTS: readonly [Path, number][] = PATHS.map(path => [
  path,
  path === 'dropped file' || path === 'import' ? 1 : 2,
])

const SENDS_TO_A_QUIET_POINT = 7
const QUIET_POINTS = 2

/** The plan of a seed. */
export function drawPlan(seed: number): Plan {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item
  const weighted = <Item>(items: readonly [Item, number][]): Item => {
    let left = random() * items.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [item, weight] of items) {
      left -= weight
      if (left < 0) return item
    }
    return (items.at(-1) as [Item, number])[0]
  }
  const name = `s${seed}`
  const steps: Step[] = []
  let count = 0
  // Those of earlier steps that are still to be sent once more.
  let again: string[] = []
  let changed: string[] = []
  for (let quiet = 0; quiet < QUIET_POINTS; quiet += 1) {
    for (let send = 0; send < SENDS_TO_A_QUIET_POINT; send += 1) {
      if (random() < 0.45) steps.push({ do: 'fault', fault: pick(FAULTS), afterMs: below(120) })
      const path = weighted(PATH_WEIGHTS)
      const chance = random()
      if (chance < 0.15 && again.length > 0) {
        steps.push({ do: 'repeat', path, ids: again, other: false })
        again = []
      } else if (chance < 0.3 && changed.length > 0) {
        steps.push({ do: 'repeat', path, ids: changed, other: true })
        changed = []
      } else {
        const events = Array.from({ length: 1 + below(path === 'one by one' ? 4 : 10) }, (): PlannedEvent => {
          count += 1
          return {
            id: `${name}-${count}`,
            type: weighted(TYPE_WEIGHTS),
            store: pick(PLAN_STORES),
            lateness: weighted(LATENESS_WEIGHTS),
            repeat: weighted(REPEAT_WEIGHTS),
            draw: below(2 ** 31),
          }
        })
        steps.push({ do: 'send', path, events })
        for (const event of events) {
          if (event.repeat === 'again later') again.push(event.id)
          if (event.repeat === 'again with another body') changed.push(event.id)
        }
      }
      if (random() < 0.12)
        steps.push({
          do: 'policy',
          store: pick(PLAN_STORES),
          sku: pick(PLAN_SKUS),
          reorderPoint: below(12),
          orderUpTo: 12 + below(20),
        })
      if (random() < 0.12) steps.push({ do: 'garbage', draw: below(2 ** 31) })
    }
    if (again.length > 0) steps.push({ do: 'repeat', path: weighted(PATH_WEIGHTS), ids: again, other: false })
    if (changed.length > 0)
      steps.push({ do: 'repeat', path: weighted(PATH_WEIGHTS), ids: changed, other: true })
    again = []
    changed = []
    steps.push({ do: 'quiet' })
  }
  return { name, steps }
}
