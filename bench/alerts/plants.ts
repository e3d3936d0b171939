import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { closingOf, openingOf } from '#seed/world/demand.ts'
import type { Random } from '#seed/world/random.ts'
import type { Shop } from '#seed/world/stores.ts'

/** Something that a rule is to find, of known size and time. */
export interface Plant {
  kind: PlantKind
  shop: Shop
  /** Whose it is, where it is a till's; null on the web, and where it is the store's. */
  register: string | null
  from: Instant
  to: Instant
  /** Of a burst: how many documents. */
  documents: number
  /** Other stores that it takes, and the product that it is about. */
  others?: readonly Shop[]
  sku?: string
}

/**
 * What is planted: the rule that is to find it, and those that may say so too. Sizes are such as are told of: a stolen
 * card is tried five to twelve times in minutes, a decimal slips by two places.
 */
export const PLANT_KINDS = {
  'card burst': { rule: 'card_velocity', others: [], minutes: [2, 8], documents: [5, 12] },
  'customer burst': { rule: 'customer_velocity', others: [], minutes: [3, 9], documents: [6, 10] },
  'refunds of a cashier': {
    rule: 'refunds_by_cashier',
    others: ['refund_of_unknown_order'],
    minutes: [10, 25],
    documents: [4, 9],
  },
  'refunds at a till': {
    rule: 'refunds_at_register',
    others: ['refund_of_unknown_order'],
    minutes: [10, 25],
    documents: [4, 9],
  },
  'voids after cash': { rule: 'void_after_cash', others: [], minutes: [10, 28], documents: [3, 6] },
  'high discounts': { rule: 'high_discount', others: [], minutes: [10, 45], documents: [2, 5] },
  'decimal slipped': { rule: 'odd_amount', others: [], minutes: [1, 1], documents: [1, 1] },
  'silent till': {
    rule: 'till_silent',
    others: ['store_pace', 'store_silent'],
    minutes: [60, 150],
    documents: [0, 0],
  },
  'silent store': {
    rule: 'store_silent',
    others: ['store_pace', 'till_silent'],
    minutes: [60, 150],
    documents: [0, 0],
  },
  'slow hours': {
    rule: 'store_pace',
    others: ['store_silent', 'till_silent'],
    minutes: [150, 240],
    documents: [0, 0],
  },
  // What the batch path is to find.
  'refunded again': {
    rule: 'refund_beyond_purchase',
    others: [],
    minutes: [24 * 60, 12 * 24 * 60],
    documents: [2, 3],
  },
  'refund of nothing': { rule: 'refund_of_unknown_order', others: [], minutes: [1, 1], documents: [1, 1] },
  'copied card': { rule: 'card_in_two_stores', others: [], minutes: [20, 180], documents: [2, 2] },
  'sells everywhere': {
    rule: 'product_everywhere',
    others: ['odd_amount', 'store_pace', 'customer_velocity'],
    minutes: [90, 240],
    documents: [12, 30],
  },
} as const satisfies Record<
  string,
  {
    rule: string
    others: readonly string[]
    minutes: readonly [number, number]
    documents: readonly [number, number]
  }
>

export type PlantKind = keyof typeof PLANT_KINDS

/** How many of each kind a store gets in a week. */
const A_WEEK = 0.35
/** Nothing is planted before people are used to be there, nor when they leave. */
const AFTER_OPENING_MS = 2 * HOUR_MS
const BEFORE_CLOSING_MS = 4.5 * HOUR_MS
/** The web shop is open all day, and awake at these hours. */
const ONLINE_FROM_MS = 10 * HOUR_MS

/** Plants of whole weeks from a day on: in each store of each week other kinds, no two on one day. */
export function plantsOf(
  shops: readonly Shop[],
  { from, weeks, random }: { from: BusinessDay; weeks: number; random: Random },
): Plant[] {
  return Array.from({ length: weeks }, (_, week) =>
    shops.flatMap(shop => {
      const days = shuffled(
        Array.from({ length: 7 }, (_, day) => addDays(from, 7 * week + day)),
        random,
      )
      return kindsFor(shop)
        .filter(() => random.chance(A_WEEK))
        .flatMap((kind, index) => {
          const day = days[index]
          return day === undefined ? [] : [plantOn(shop, { kind, day, random })]
        })
    }),
  ).flat()
}

function plantOn(
  shop: Shop,
  { kind, day, random }: { kind: PlantKind; day: BusinessDay; random: Random },
): Plant {
  const { minutes, documents } = PLANT_KINDS[kind]
  const isOnline = shop.channel === 'online'
  const first = openingOf(shop, day) + (isOnline ? ONLINE_FROM_MS : AFTER_OPENING_MS)
  const from = random.integer(first, closingOf(shop, day) - BEFORE_CLOSING_MS)
  return {
    kind,
    shop,
    register: isOnline ? null : random.pick(shop.registers),
    from,
    to: from + random.integer(minutes[0] * MINUTE_MS, minutes[1] * MINUTE_MS),
    documents: random.integer(documents[0], documents[1]),
  }
}

/** How many of each kind that crosses stores or weeks a store gets in a week. */
const ACROSS_A_WEEK = 0.25

/** Plants that the batch path is to find, of whole weeks from a day on. */
export function plantsAcross(
  shops: readonly Shop[],
  {
    from,
    weeks,
    skus,
    random,
  }: { from: BusinessDay; weeks: number; skus: readonly string[]; random: Random },
): Plant[] {
  const tills = shops.filter(({ channel, input }) => channel === 'pos' && input === 'live')
  return Array.from({ length: weeks }, (_, week) =>
    tills.flatMap(shop => {
      const away = tills.filter(({ zone }) => zone !== shop.zone)
      return (['refunded again', 'refund of nothing', 'copied card', 'sells everywhere'] as const).flatMap(
        (kind): Plant[] => {
          if (!random.chance(ACROSS_A_WEEK)) return []
          // Days later it is still to be judged.
          const day = addDays(from, 7 * week + random.integer(0, 3))
          const plant = plantOn(shop, { kind, day, random })
          if (kind === 'copied card')
            return away.length === 0 ? [] : [{ ...plant, others: [random.pick(away)] }]
          if (kind !== 'sells everywhere') return [plant]
          const live = shops.filter(other => other !== shop && other.input === 'live')
          const others = shuffled(live, random).slice(0, random.integer(2, 4))
          return [{ ...plant, others, sku: random.pick(skus) }]
        },
      )
    }),
  ).flat()
}

/** A web shop has no tills; of one till the store is silent; who sends a file at close is never silent before it. */
function kindsFor({ channel, input, registers }: Shop): PlantKind[] {
  const atTills: PlantKind[] = ['refunds of a cashier', 'refunds at a till', 'voids after cash']
  const kinds: PlantKind[] = ['card burst', 'customer burst', 'high discounts', 'decimal slipped']
  if (channel === 'pos') kinds.push(...atTills)
  if (input === 'live') kinds.push('silent store', 'slow hours')
  if (input === 'live' && registers.length > 1) kinds.push('silent till')
  return kinds
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map(item => ({ item, place: random.next() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item)
}
