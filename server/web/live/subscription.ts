import { createHash } from 'node:crypto'
import { z } from 'zod'

export const TOPICS = ['sales', 'windows', 'stock', 'alerts', 'pipeline'] as const
export type Topic = (typeof TOPICS)[number]

/** What one client wants to be told. */
export interface Subscription {
  topics: ReadonlySet<Topic>
  /** Empty: all stores. */
  stores: ReadonlySet<string>
  /** Equal for equal subscriptions, in any order of their parts. */
  key: string
}

/** What a client sends as `auth` when it connects. */
const authSchema = z.object({
  since: z.string().max(2_000).nullish(),
  topics: z.array(z.enum(TOPICS)).max(TOPICS.length).nullish(),
  stores: z.array(z.string().min(1).max(128)).max(1_000).nullish(),
})

/** @throws Error with a sentence for the client */
export function parseSubscription(auth: unknown): { subscription: Subscription; since: string | null } {
  const parsed = authSchema.safeParse(auth ?? {})
  if (!parsed.success) {
    throw new Error(
      `auth: ${z.prettifyError(parsed.error)}. Send { since?, topics?: [${TOPICS.join(', ')}], stores?: [id] }.`,
    )
  }
  const { since, topics, stores } = parsed.data
  return { subscription: subscriptionOf(topics ?? TOPICS, stores ?? []), since: since ?? null }
}

export function subscriptionOf(topics: readonly Topic[], stores: readonly string[]): Subscription {
  const wanted = new Set(topics)
  const chosen = new Set(stores)
  const parts = JSON.stringify([TOPICS.filter(topic => wanted.has(topic)), [...chosen].sort()])
  const key = BigInt(`0x${createHash('sha256').update(parts).digest('hex').slice(0, 16)}`).toString(36)
  return { topics: wanted, stores: chosen, key }
}

export function wantsStore({ stores }: Subscription, store: string): boolean {
  return stores.size === 0 || stores.has(store)
}
