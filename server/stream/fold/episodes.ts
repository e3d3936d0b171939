import type { Instant } from '#domain/instant.ts'
import { type ShelfOutlook, shelfShortage } from '#domain/replenishment/live-shelf.ts'
import { type Severity, SHORTAGE_RULE_VERSION, type ShortageRule, severityOf } from '#domain/shortage.ts'
import type { Episode, StockPolicy, StockState } from './stock-state.ts'

/** The entry of the log after which a state is judged. */
export interface JudgedAt {
  store: string
  sku: string
  partition: number
  offset: number
}

/** By what a stock is judged. */
export interface Judging {
  policy: StockPolicy | null
  /** What will become of the shelf; null: no forecast is known, or no stock. */
  outlook: ShelfOutlook | null
}

/** What a judgement did to a shortage. */
export interface EpisodeChange {
  episode: Episode
  /** Whether people must hear of it: it began, changed its verdict, or ended. Else only its figures moved. */
  isNews: boolean
}

/**
 * Judges a state after one event, or after time has passed. At most one episode is open per store and sku: the entry that
 * first makes the verdict true opens it (its id comes from there), a changed verdict amends it, none ends it.
 * Judged at `state.judgedAt`, never before the newest time seen, so a late event is not judged by yesterday's policy.
 * Sets `state.reorderPoint` and `state.episode`; episodes are replaced, never changed in place.
 * @returns the change, or null where nothing changed
 */
export function judgeShortage(
  state: StockState,
  { policy, outlook }: Judging,
  place: JudgedAt,
): EpisodeChange | null {
  const { episode, onHand, onOrder, judgedAt } = state
  const reorderPoint = policy?.reorderPoint ?? null
  state.reorderPoint = reorderPoint
  const orderUpTo = policy?.orderUpTo ?? null
  const rule = shelfShortage({ onHand, reorderPoint, orderUpTo }, outlook, episode !== null)
  if (rule === null || onHand === null) {
    if (episode === null) return null
    state.episode = null
    const resolved = { ...episode, state: 'resolved' as const, resolvedAt: judgedAt, onOrder, reorderPoint }
    return {
      episode: {
        ...resolved,
        ...projection(outlook),
        onHand: onHand ?? episode.onHand,
        suggestedUnits: null,
        ...amended(state, place),
      },
      isNews: true,
    }
  }
  const figures = {
    onHand,
    onOrder,
    reorderPoint,
    suggestedUnits: suggestedUnits(onHand, onOrder, policy),
    ...projection(outlook),
  }
  const severity = severityIn(rule, judgedAt, { outlook, before: episode?.severity ?? null })
  if (episode === null) {
    state.episode = {
      alertId: `${place.store}/${place.sku}@${place.partition}-${place.offset}`,
      store: place.store,
      sku: place.sku,
      rule,
      ruleVersion: SHORTAGE_RULE_VERSION,
      severity,
      state: 'open',
      openedAt: judgedAt,
      openedOffset: place.offset,
      resolvedAt: null,
      ...figures,
      ...amended(state, place),
    }
    return { episode: state.episode, isNews: true }
  }
  const isNews =
    rule !== episode.rule ||
    severity !== episode.severity ||
    onOrder !== episode.onOrder ||
    reorderPoint !== episode.reorderPoint ||
    figures.nextDeliveryAt !== episode.nextDeliveryAt
  if (!isNews && hasSame(episode, figures)) return null
  state.episode = {
    ...episode,
    ...figures,
    ...(isNews ? { rule, ruleVersion: SHORTAGE_RULE_VERSION, severity } : {}),
    ...(isNews ? amended(state, place) : {}),
  }
  return { episode: state.episode, isNews }
}

function severityIn(
  rule: ShortageRule,
  at: Instant,
  { outlook, before }: { outlook: ShelfOutlook | null; before: Severity | null },
): Severity {
  if (rule !== 'stockout_before_delivery') return severityOf(rule)
  return severityOf(rule, outlook && { stockoutAt: outlook.stockout.at, at, before })
}

type Projection = Pick<
  Episode,
  'projectedStockoutAt' | 'stockoutEarlyAt' | 'stockoutLateAt' | 'nextDeliveryAt' | 'orderArrivesAt'
>

const NO_PROJECTION: Readonly<Projection> = {
  projectedStockoutAt: null,
  stockoutEarlyAt: null,
  stockoutLateAt: null,
  nextDeliveryAt: null,
  orderArrivesAt: null,
}

function projection(outlook: ShelfOutlook | null): Projection {
  if (outlook === null) return NO_PROJECTION
  const { stockout, dueAt, orderArrivesAt } = outlook
  return {
    projectedStockoutAt: stockout.at,
    stockoutEarlyAt: stockout.early,
    stockoutLateAt: stockout.late,
    nextDeliveryAt: dueAt,
    orderArrivesAt,
  }
}

function hasSame(
  episode: Episode,
  figures: Pick<Episode, 'onHand' | 'suggestedUnits'> & Projection,
): boolean {
  return (
    figures.onHand === episode.onHand &&
    figures.suggestedUnits === episode.suggestedUnits &&
    figures.projectedStockoutAt === episode.projectedStockoutAt &&
    figures.stockoutEarlyAt === episode.stockoutEarlyAt &&
    figures.stockoutLateAt === episode.stockoutLateAt &&
    figures.orderArrivesAt === episode.orderArrivesAt
  )
}

/** Order-up-to level less the inventory position (on hand and on order), never below zero. */
function suggestedUnits(onHand: number, onOrder: number, policy: StockPolicy | null): number | null {
  if (!policy || policy.orderUpTo === null) return null
  return Math.max(0, policy.orderUpTo - (onHand + onOrder))
}

function amended(state: StockState, place: JudgedAt): Pick<Episode, 'amendedAt' | 'amendedOffset'> {
  return { amendedAt: state.judgedAt, amendedOffset: place.offset }
}
