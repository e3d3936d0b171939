import type { RejectionReason } from '#domain/event.ts'
import { DAY_MS, formatInstant, type Instant } from '#domain/instant.ts'
import { header, type OrderPlaced, registerOf, sourceOf, type TradingShop } from '#seed/shop/shop-state.ts'
import type { Planted } from '#seed/simulators/sender.ts'
import { type BeginScenario, createRate, liveShops, liveTills } from './script.ts'

export const beginTillOffline: BeginScenario = context => {
  const [{ source }] = liveTills(context)
  const sender = context.senderOf(source)
  // Its waiting sales stay in their order behind what it may still have had.
  let most = 0
  return {
    act() {
      sender.holdUntil(context.endsAt)
      most = Math.max(most, sender.outbox.length)
      return []
    },
    end() {
      most = Math.max(most, sender.outbox.length)
      sender.release()
      return []
    },
    detail: () => `${source} sells with its line down: ${most} events in its backlog.`,
  }
}

export const beginClockSkew: BeginScenario = context => {
  const [ahead, behind] = liveTills(context)
  const clocks = new Map<string, number>([
    [ahead.source, DAY_MS],
    ...(behind ? [[behind.source, -3 * DAY_MS] as const] : []),
  ])
  return {
    clockOf: source => clocks.get(source),
    detail: () =>
      `The clock of ${ahead.source} is a day ahead, that of ${behind?.source ?? 'no other till'} three days behind.`,
  }
}

/** Every way in which an event may be no event. By the reason that its dead letter gives. */
export const POISONS = [
  'invalid_json',
  'unstorable_text',
  'unknown_type',
  'unknown_field',
  'invalid_field',
  'absurd_amount',
  'tenders_differ',
  'conflicting_duplicate',
] as const satisfies readonly RejectionReason[]

type Poison = (typeof POISONS)[number]

/**
 * An event of a shop with something wrong in it, and who sends it.
 * @param known an order of the shop to spoil
 */
export function breakEvent(
  poison: Poison,
  { trading, known, at }: { trading: TradingShop; known: OrderPlaced; at: Instant },
): { source: string; planted: Planted } {
  const { shop } = trading
  if (poison === 'conflicting_duplicate') {
    // The id of an order that its sender has already sent, or is about to.
    const other = { ...known, orderId: `${known.orderId}-again` }
    return plant(known.source, 'an id that was used before', JSON.stringify(other))
  }
  const register = registerOf(trading)
  const head = header(trading, at, register)
  const { session: _session, ...order } = known
  const good = { ...order, ...head, orderId: `${shop.id}-${head.id}`, eventTime: formatInstant(at) }
  return plant(sourceOf(shop, register), ...spoil(poison, good))
}

function plant(source: string, planted: string, body: string) {
  return { source, planted: { planted, body } }
}

function spoil(
  poison: Exclude<Poison, 'conflicting_duplicate'>,
  good: OrderPlaced,
): [what: string, body: string] {
  const written = (fields: object) => JSON.stringify({ ...good, ...fields })
  switch (poison) {
    case 'invalid_json':
      return ['JSON that was cut off', written({}).slice(0, -20)]
    case 'unstorable_text':
      return ['a NUL character', written({ customer: 'c-\u0000' })]
    case 'unknown_type':
      return ['a type that does not exist', written({ type: 'order.teleported' })]
    case 'unknown_field':
      return ['a field that does not exist', written({ colour: 'blue' })]
    case 'invalid_field':
      return ['units as text', written({ lines: good.lines.map(line => ({ ...line, units: 'two' })) })]
    case 'absurd_amount':
      return [
        'an absurd price',
        written({
          tender: 'card',
          tenders: undefined,
          lines: [{ sku: good.lines[0]?.sku, units: 1_000_000, unitPrice: '99999999' }],
        }),
      ]
    case 'tenders_differ':
      return [
        'tenders that are not what was to be paid',
        written({ tender: undefined, tenders: [{ type: 'cash', amount: '0.01' }] }),
      ]
  }
}

const PER_MINUTE = 24

export const beginPoisonEvents: BeginScenario = context => {
  const rate = createRate(context)
  let sent = 0
  return {
    act(now) {
      for (let count = rate(now, PER_MINUTE); count > 0; count -= 1) {
        const poison = POISONS[sent % POISONS.length] ?? POISONS[0]
        const trading = context.random.pick(liveShops(context))
        const known = context.lastOrderOf(trading.shop.id)
        if (!known) continue
        const broken = breakEvent(poison, { trading, known, at: now })
        sent += 1
        context.senderOf(broken.source).add(broken.planted)
      }
      return []
    },
    detail: () => `${sent} spoiled events among the good ones.`,
  }
}
