import { SHORTAGE_RULE_VERSION, severityOf, shortageOf } from '#domain/shortage.ts'
import type { Episode, StockPolicy, StockState } from './stock-state.ts'

/** The event after which a state is judged. */
export interface JudgedAt {
  store: string
  sku: string
  partition: number
  offset: number
}

/** What a judgement did to a shortage. */
export interface EpisodeChange {
  episode: Episode
  /** Whether people must hear of it: it began, changed its verdict, or ended. Else only its figures moved. */
  isNews: boolean
}

/**
 * Judges a state after one event. At most one episode is open per store and sku: the event that first
 * makes the verdict true opens it (its id comes from there), a changed verdict amends it, none ends it.
 * Judged at `state.asOf`, the newest time seen, so a late event is not judged by yesterday's policy.
 * Sets `state.reorderPoint` and `state.episode`; episodes are replaced, never changed in place.
 * @returns the change, or null where nothing changed
 */
export function judgeShortage(
  state: StockState,
  policy: StockPolicy | null,
  at: JudgedAt,
): EpisodeChange | null {
  const { episode, onHand, onOrder, asOf } = state
  const reorderPoint = policy?.reorderPoint ?? null
  state.reorderPoint = reorderPoint
  const rule = shortageOf(onHand, reorderPoint)
  if (rule === null || onHand === null) {
    if (episode === null) return null
    state.episode = null
    const resolved = { ...episode, state: 'resolved' as const, resolvedAt: asOf, onOrder, reorderPoint }
    return {
      episode: { ...resolved, onHand: onHand ?? episode.onHand, suggestedUnits: null, ...amended(state, at) },
      isNews: true,
    }
  }
  const figures = { onHand, onOrder, reorderPoint, suggestedUnits: suggestedUnits(onHand, onOrder, policy) }
  if (episode === null) {
    state.episode = {
      alertId: `${at.store}/${at.sku}@${at.partition}-${at.offset}`,
      store: at.store,
      sku: at.sku,
      rule,
      ruleVersion: SHORTAGE_RULE_VERSION,
      severity: severityOf(rule),
      state: 'open',
      openedAt: asOf,
      openedOffset: at.offset,
      resolvedAt: null,
      ...figures,
      ...amended(state, at),
    }
    return { episode: state.episode, isNews: true }
  }
  const isNews = rule !== episode.rule || onOrder !== episode.onOrder || reorderPoint !== episode.reorderPoint
  if (!isNews && onHand === episode.onHand && figures.suggestedUnits === episode.suggestedUnits) return null
  state.episode = {
    ...episode,
    ...figures,
    ...(isNews ? { rule, ruleVersion: SHORTAGE_RULE_VERSION, severity: severityOf(rule) } : {}),
    ...(isNews ? amended(state, at) : {}),
  }
  return { episode: state.episode, isNews }
}

/** Order-up-to level less the inventory position (on hand and on order), never below zero. */
function suggestedUnits(onHand: number, onOrder: number, policy: StockPolicy | null): number | null {
  if (!policy || policy.orderUpTo === null) return null
  return Math.max(0, policy.orderUpTo - (onHand + onOrder))
}

function amended(state: StockState, at: JudgedAt): Pick<Episode, 'amendedAt' | 'amendedOffset'> {
  return { amendedAt: state.asOf, amendedOffset: at.offset }
}
