import { greatCircleKm } from '#domain/great-circle.ts'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { MOST_RECEIPTS } from '#domain/operators/alert.ts'
import { receiptOf } from '#domain/operators/rule.ts'
import { type Finding, type KeyedContext, keyedRule, type RuleDocument } from './batch-rule.ts'

/** Uses so close to an episode are of it. */
const EPISODE_MS = 24 * HOUR_MS
/** Tills' clocks are off by as much. */
const LEAST_TIME_MS = MINUTE_MS
/** How it is said that the card itself was not there. */
const NOT_PRESENT = new Set(['online', 'manual', 'keyed', 'moto', 'ecommerce'])

/** One card at tills of two stores, in less time than anybody travels: one of the two is a copy. */
export const cardInTwoStores = keyedRule({
  name: 'card_in_two_stores',
  kind: 'fraud',
  title: 'One card in two places',
  describe: ({ speed, distance }) =>
    `One card used at tills of two stores that lie ${distance} km or more apart, in a time for which one would have to travel faster than ${speed} km/h. Stores without a location are not judged, nor orders at which the card was not there.`,
  source:
    'Impossible travel, "geographic velocity" of cards: Bolton & Hand, "Statistical Fraud Detection: A Review", Statistical Science 17(3), 2002; distance by haversines: Sinnott, Sky & Telescope 68, 1984.',
  parameters: {
    // An airliner's cruising speed, without the way to it.
    speed: { title: 'Faster than', unit: 'km/h', least: 100, most: 2_000, initial: 900 },
    distance: { title: 'Distance', unit: 'km', least: 1, most: 20_000, initial: 100 },
  },
  by: 'card',
  judge(documents, context) {
    const findings: Finding[] = []
    const before: RuleDocument[] = []
    for (const document of documents) {
      if (!isPresent(document)) continue
      const found = farthest(document, before, context)
      before.push(document)
      if (!found) continue
      const { judgement, version } = found
      const known = findings.findIndex(
        ({ openedAt, amendedAt }) =>
          document.eventTime >= openedAt - EPISODE_MS && document.eventTime <= amendedAt + EPISODE_MS,
      )
      const finding = findings[known]
      if (finding) {
        const isWorse = judgement.score > finding.score
        const [first, second] = isWorse ? [judgement, finding] : [finding, judgement]
        const receipts = [...first.receipts, ...second.receipts].filter(
          ({ source, id }, index, all) =>
            all.findIndex(one => one.source === source && one.id === id) === index,
        )
        findings[known] = {
          ...finding,
          ...first,
          receipts: receipts.slice(0, MOST_RECEIPTS),
          amendedAt: Math.max(finding.amendedAt, document.eventTime),
        }
        continue
      }
      findings.push({
        ...judgement,
        began: document,
        ruleVersion: version,
        store: document.store,
        register: document.register,
        subject: document.cardToken ?? '',
        openedAt: document.eventTime,
        amendedAt: document.eventTime,
        resolvedAt: null,
      })
    }
    return findings
  },
})

/** Whether the card was there: at a till, and not typed in. A till that does not say how it was read is believed. */
export function isPresent({ type, channel, cardToken, entryMode }: RuleDocument): boolean {
  return (
    type === 'order.placed' &&
    cardToken !== null &&
    channel !== 'online' &&
    !(entryMode !== null && NOT_PRESENT.has(entryMode.toLowerCase()))
  )
}

type Context = KeyedContext<{ speed: never; distance: never }>

/** Of the uses before in the log, whenever they were, the one from which one would have had to travel fastest. */
function farthest(document: RuleDocument, before: readonly RuleDocument[], { ruleAt, storeAt }: Context) {
  const rule = ruleAt(document.eventTime)
  const here = storeAt(document.store, document.eventTime)?.location
  if (!rule || !here) return null
  const { speed, distance } = rule.parameters
  const ways = before.flatMap(other => {
    if (other.store === document.store) return []
    const there = storeAt(other.store, other.eventTime)?.location
    if (!there) return []
    const km = greatCircleKm(here, there)
    const ms = Math.abs(document.eventTime - other.eventTime)
    const needed = km / (Math.max(ms, LEAST_TIME_MS) / HOUR_MS)
    return km >= distance && needed > speed ? [{ other, km, ms, needed }] : []
  })
  const worst = ways.reduce<(typeof ways)[number] | null>(
    (most, way) => (most === null || way.needed > most.needed ? way : most),
    null,
  )
  if (!worst) return null
  const { other, km, ms, needed } = worst
  const minutes = Math.round(ms / MINUTE_MS)
  const pair = [other, document].sort((one, next) => one.eventTime - next.eventTime)
  return {
    version: rule.version,
    judgement: {
      score: Math.min(100, Math.round(70 + 10 * Math.log2(needed / speed))),
      summary: `Card ${document.cardToken} at ${pair[0]?.store} and, ${minutes} minutes later, ${Math.round(km)} km away at ${pair[1]?.store}`,
      figures: [
        { label: 'Distance', value: `${Math.round(km)} km`, limit: `less than ${distance} km` },
        { label: 'Time between', value: `${minutes} minutes` },
        {
          label: 'Speed that it takes',
          value: `${Math.round(needed)} km/h`,
          limit: `at most ${speed} km/h`,
        },
      ],
      receipts: pair.map(receiptOf),
    },
  }
}
