import type { SentEvent } from '#domain/event.ts'
import { formatInstant, HOUR_MS, type Instant } from '#domain/instant.ts'
import { createRandom, fakerOf } from '#seed/world/random.ts'
import { pickUnreviewed } from './purchases.ts'
import type { TradingShop } from './shop-state.ts'

/** The feed that reviews of all stores come from. */
const REVIEW_SOURCE = 'reviews'

/** One tries a thing before one writes of it; by then a journal with its purchase is in. */
const LEAST_AGE_MS = 48 * HOUR_MS
/** Tastes differ by so many stars. */
const DEVIATION = 0.95
const WITH_TEXT = 0.65

/**
 * What a customer thinks of something bought earlier; null when the draw hits nobody who has anything to say.
 * @param leastAgeMs how long ago the purchase was at least
 */
export function reviewOf(trading: TradingShop, at: Instant, leastAgeMs = LEAST_AGE_MS): SentEvent | null {
  const { shop, state, random, series, world } = trading
  const purchase = pickUnreviewed(trading, at, leastAgeMs)
  if (purchase?.customer === undefined) return null
  const [index] = random.pick(purchase.lines)
  const product = world.products[index]
  if (!product) return null
  purchase.isReviewed = true
  state.sequence += 1
  const rating = Math.min(5, Math.max(1, Math.round(random.normal(product.quality, DEVIATION))))
  const id = `${shop.id}-${series}-${state.sequence}`
  return {
    source: REVIEW_SOURCE,
    id,
    type: 'review.posted',
    store: shop.id,
    eventTime: formatInstant(at),
    sku: product.sku,
    rating,
    ...(random.chance(WITH_TEXT) ? { text: textOf(trading, { rating, item: product.item, id }) } : {}),
    customer: purchase.customer,
  }
}

function textOf(
  { random, world }: TradingShop,
  { rating, item, id }: { rating: number; item: string; id: string },
): string {
  const text = random.pick(REVIEW_TEXTS[rating] ?? [])
  // Names and colours from a stream of their own: they shift nothing that the shop draws.
  return fakerOf(createRandom(world.randomSeed, 'review', id))
    .helpers.fake(text)
    .replace('{item}', item)
}

/** What people write, by stars. `{item}` is the product as they would call it, `{{…}}` what Faker makes up. */
const REVIEW_TEXTS: Readonly<Record<number, readonly string[]>> = {
  1: [
    'Not what the picture promised. Sent back.',
    'Arrived broken, and the second one too.',
    'The {item} is the worst I have bought in years.',
    'Bought it in {{color.human}}, got it in {{color.human}}.',
    '{{person.firstName}} in the shop only shrugged. Never again.',
    'Fell apart in a week.',
    'Never again.',
  ],
  2: [
    'I expected more at this price.',
    'The {item} is fine to look at, but does not last.',
    'Too small for what it costs.',
    'Half of it was past its best.',
    'The one from {{company.name}} was better. Would choose it again next time.',
    'My neighbour {{person.firstName}} had warned me.',
  ],
  3: [
    'Does what it should, no more.',
    'Decent {item}, though the packaging is a nuisance.',
    'All right for every day.',
    'Good on some days, less so on others.',
    'Average, but it was on offer.',
    'I like it, {{person.firstName}} does not.',
    'No better than the one from {{company.name}}.',
  ],
  4: [
    'Good {item}, would buy again.',
    'Very nice, only the delivery could be quicker.',
    'Solid quality for the price.',
    'My family likes it, above all {{person.firstName}}.',
    'Better than the one from {{company.name}} that I had before.',
    'Nearly perfect. One star off for the lid.',
    'Took it along to {{location.city}}, and it did well.',
  ],
  5: [
    'The best {item} I know.',
    'Third time I buy this, and still happy.',
    'A gift for {{person.fullName}}, used the same evening.',
    'Exactly what I was looking for.',
    'Everyone in {{location.city}} asks where I got it.',
    'Worth every cent.',
    '{{person.firstName}} and I would not be without it any more.',
  ],
}
