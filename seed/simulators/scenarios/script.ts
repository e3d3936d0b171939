import type { SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { applyEvent } from '#seed/shop/apply-event.ts'
import { type BasketLine, writeLine } from '#seed/shop/basket.ts'
import { orderHeader } from '#seed/shop/sales.ts'
import { type OrderPlaced, registerOf, sourceOf, type TradingShop } from '#seed/shop/shop-state.ts'
import { cardOf } from '#seed/shop/till-hands.ts'
import type { Sender } from '#seed/simulators/sender.ts'
import type { Random } from '#seed/world/random.ts'

/** What a scenario has to play with. */
export interface ScenarioContext {
  shops: readonly TradingShop[]
  random: Random
  startedAt: Instant
  endsAt: Instant
  /** Orders a minute of each shop while nothing but scenarios' busy time drives them; 0 where it is closed. */
  busyPace(): readonly number[]
  /** What a store sold last, where it has sold anything since the simulators started. */
  lastOrderOf(store: string): OrderPlaced | undefined
  senderOf(source: string): Sender
}

/** A scenario while it plays. What it leaves out stays as on an ordinary day. */
export interface RunningScenario {
  /** Orders a minute of each shop. */
  pace?(usual: readonly number[]): readonly number[]
  /** How many times faster than clocks the days of stock rooms pass, at least. */
  stockSpeed?: number
  /** No delivery arrives. */
  deliveriesHeld?: true
  /** How far off a sender's clock is, where that is its doing. */
  clockOf?(source: string): number | undefined
  /** What happens beside the ordinary trade, already applied to the shops. */
  act?(now: Instant): SentEvent[]
  /** What is left to do when it ends, in time or because somebody stopped it. */
  end?(now: Instant): SentEvent[]
  /** What it did so far, for people. */
  detail(now: Instant): string
}

export type BeginScenario = (context: ScenarioContext) => RunningScenario

/** A machine that slept makes up for no more than this. */
const LONGEST_STEP_MS = 5 * SECOND_MS

/** How many times something that happens so often has happened since the call before. */
export function createRate({
  random,
  startedAt,
}: ScenarioContext): (now: Instant, perMinute: number) => number {
  let steppedAt = startedAt
  return (now, perMinute) => {
    const passed = Math.min(now - steppedAt, LONGEST_STEP_MS)
    steppedAt = now
    return random.poisson((perMinute * Math.max(0, passed)) / MINUTE_MS)
  }
}

/** The stores whose senders report as things happen, busiest first; those that are closed come last. */
export function liveShops(context: ScenarioContext): TradingShop[] {
  const pace = context.busyPace()
  return context.shops
    .map((trading, index) => ({ trading, pace: pace[index] ?? 0 }))
    .filter(({ trading }) => trading.shop.input === 'live')
    .sort((left, right) => right.pace - left.pace)
    .map(({ trading }) => trading)
}

/** The tills that report as things happen: one of each store, busiest first, then the second of each. @throws when there is none */
export function liveTills(context: ScenarioContext) {
  const [first, ...others] = liveShops(context)
    .flatMap(trading =>
      trading.shop.registers
        .toReversed()
        .map((register, place) => ({ trading, register, source: sourceOf(trading.shop, register), place })),
    )
    .sort((left, right) => left.place - right.place)
  if (!first) throw new Error('no store of this world has a till that reports as things happen')
  return [first, ...others] as const
}

/**
 * An order of one line, paid by card, that the shop knows of.
 * @param order register undefined: any till, or the web
 */
export function placeOrder(
  trading: TradingShop,
  at: Instant,
  { line, ...wanted }: { line: Omit<BasketLine, 'tax'>; register?: string; customer?: string },
): OrderPlaced {
  const { shop, world } = trading
  const register = wanted.register ?? registerOf(trading)
  const net = line.units * line.unitPrice - line.discount
  const tax = Math.round(net * shop.taxRate)
  const order: OrderPlaced = {
    ...orderHeader(trading, at, register),
    ...(wanted.customer === undefined ? {} : { customer: wanted.customer }),
    tender: 'card',
    lines: [writeLine({ ...line, tax }, world.products)],
  }
  Object.assign(order, cardOf(trading, { ...order, total: net + tax }))
  applyEvent(trading, order)
  return order
}
