import { formatCount, plural } from '#app/format/number.ts'
import type { RouterInputs, RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'

export type SubscriptionList = RouterOutputs['notifications']['subscriptions']
export type Subscription = SubscriptionList['subscriptions'][number]
export type Way = Subscription['way']
/** What somebody wants to hear of, and when, as it is sent. */
export type Wishes = RouterInputs['notifications']['change']['wishes']

export const EVERYTHING = {
  stores: [],
  categories: [],
  suppliers: [],
  kinds: [],
  leastSeverity: 'warning',
  quiet: null,
  quietForCritical: false,
  digestMinutes: 0,
} satisfies Wishes

/** What a subscription tells now. */
export function wishesOf(one: Subscription) {
  const { stores, categories, suppliers, kinds, leastSeverity, quiet, quietForCritical, digestMinutes } = one
  return {
    stores: [...stores],
    categories: [...categories],
    suppliers: [...suppliers],
    kinds: [...kinds],
    leastSeverity,
    quiet,
    quietForCritical,
    digestMinutes,
  } satisfies Wishes
}

type KnownWishes = ReturnType<typeof wishesOf>

export const WAY_TITLES: Record<Way, string> = {
  app: 'On these pages',
  browser: 'Notification of the browser',
  push: 'Push to a browser',
  email: 'E-mail',
  webhook: 'Webhook',
}

/** What a way does, for whoever chooses one. */
export const WAY_NOTES: Record<Way, string> = {
  app: 'A note in the corner of the page, at most one in 30 seconds unless it is critical.',
  browser:
    'A notification of the system while a page of this dashboard is open, once the browser was allowed to.',
  push: 'A notification of the system, also while no page is open.',
  email: 'A mail with every alert in it and a link to each.',
  webhook:
    'A signed message to a program or a chat (Slack, Mattermost), tried again for some hours when it is not taken.',
}

export const KIND_NAMES: Record<string, string> = {
  shortage: 'Shortages',
  fraud: 'Fraud',
  anomaly: 'Anomalies',
  silence: 'Silence',
  pace: 'Pace',
}

/** Minutes between two messages, and how one says it. */
export const DIGESTS = [
  [0, 'at once'],
  [5, 'at most every 5 minutes'],
  [15, 'at most every 15 minutes'],
  [60, 'at most once an hour'],
  [240, 'at most every 4 hours'],
  [1_440, 'at most once a day'],
] as const

/** Whom a subscription is for. */
export function forWhom({ person, address, way }: Pick<Subscription, 'person' | 'address' | 'way'>): string {
  if (way === 'push') return person ?? 'whoever uses that browser'
  if (address !== null) return person === null ? address : `${person}, ${address}`
  return person ?? 'everybody'
}

/** `Shortages and fraud, critical alone, of Berlin Mitte; at once; quiet from 22:00 to 07:00 (Europe/Berlin).` */
export function wishesText(
  wishes: Pick<Subscription, keyof KnownWishes>,
  names: { stores: readonly StoreSummary[]; suppliers: readonly { supplier: string; name: string }[] },
): string {
  const { stores, categories, suppliers, kinds, leastSeverity, quiet, quietForCritical, digestMinutes } =
    wishes
  const what = kinds.length === 0 ? 'All alerts' : sentence(kinds.map(kind => KIND_NAMES[kind] ?? kind))
  const narrowed = [
    few(stores, id => names.stores.find(({ store }) => store === id)?.name, 'stores'),
    few(categories, name => name, 'categories'),
    few(suppliers, id => names.suppliers.find(({ supplier }) => supplier === id)?.name, 'suppliers'),
  ].filter(text => text !== null)
  const parts = [
    `${what}${leastSeverity === 'critical' ? ', critical alone' : ''}${narrowed.length > 0 ? `, of ${narrowed.join('; ')}` : ''}`,
    DIGESTS.find(([minutes]) => minutes === digestMinutes)?.[1] ??
      `at most every ${plural(digestMinutes, 'minute')}`,
    ...(quiet === null
      ? []
      : [
          `quiet from ${quiet.from} to ${quiet.to} (${quiet.zone})${quietForCritical ? '' : ' unless critical'}`,
        ]),
  ]
  return `${parts.join('; ')}.`
}

/** `Fraud and silence`, the first as a sentence begins. */
function sentence(names: readonly string[]): string {
  const words = names.map((name, index) => (index === 0 ? name : name.toLowerCase()))
  const last = words.pop() ?? ''
  return words.length === 0 ? last : `${words.join(', ')} and ${last}`
}

/** A few by name, many counted; null for all. */
function few(
  ids: readonly string[],
  nameOf: (id: string) => string | undefined,
  many: string,
): string | null {
  if (ids.length === 0) return null
  if (ids.length > 3) return `${formatCount(ids.length)} ${many}`
  return ids.map(id => nameOf(id) ?? id).join(', ')
}
