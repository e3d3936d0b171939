import type { Overview, SideBySideScope, StoreSummary } from '#app/trpc/router-outputs.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { REPORTING_CURRENCY as ALL_CURRENCIES } from '#domain/report-views.ts'

/** Business days, both ends included. */
export interface DayRange {
  from: BusinessDay
  to: BusinessDay
}

/** What a card of sales is about. */
export interface SalesScope {
  /** Ids; empty for all. */
  stores: readonly string[]
  currency: string
  /** Of all times shown, whatever a store's own: in one zone they are in order. */
  zone: string
}

/** What the address says, before it is held against what there is. */
export interface AskedScope {
  from: BusinessDay | null
  to: BusinessDay | null
  store: readonly string[]
  currency: string | null
}

export interface ResolvedScope {
  scope: SideBySideScope
  /** The stores in it, all of them when none was chosen. */
  stores: readonly StoreSummary[]
  /** Currencies one may choose from. Amounts of several are never added. */
  currencies: readonly string[]
  /** The newest day with data of these stores in this currency. */
  newestDay: BusinessDay
  /** What the address asks for and is not there, in a sentence that says what is shown instead; null: nothing. */
  notThere: string | null
  /** Zone in which times are shown, the one the server labels its hours in: the first store's of the scope. */
  zone: string
}

/**
 * The scope to show. What the address leaves open: the newest business day, all stores, their first
 * currency. What does not exist (a store that is gone, a currency none of the stores takes) is dropped, and said.
 * @returns null while there is nothing to show: no store, or no event in the log
 */
export function resolveScope(overview: Overview, asked: AskedScope): ResolvedScope | null {
  const chosen = overview.stores.filter(({ store }) => asked.store.includes(store))
  const stores = chosen.length > 0 ? chosen : overview.stores
  const [first] = stores
  if (!first || overview.lastDay === null) return null
  const taken = new Set(chosen.map(({ currency }) => currency))
  const currencies =
    chosen.length > 0 ? overview.currencies.filter(code => taken.has(code)) : overview.currencies
  const currency = currencies.find(code => code === asked.currency) ?? currencies[0] ?? first.currency
  const newestDay = newestDayOf(stores, currency) ?? overview.lastDay
  return {
    scope: {
      ...daysOf(asked, newestDay),
      stores: chosen.map(({ store }) => store),
      currency,
    },
    stores,
    currencies,
    newestDay,
    notThere: notThereText(asked, { overview, chosen, currencies, currency }),
    zone: (chosen[0] ?? stores.find(store => store.currency === currency) ?? first).zone,
  }
}

/** Something else than was asked for is never shown without a word. */
function notThereText(
  asked: AskedScope,
  {
    overview,
    chosen,
    currencies,
    currency,
  }: {
    overview: Overview
    chosen: readonly StoreSummary[]
    currencies: readonly string[]
    currency: string
  },
): string | null {
  const gone = asked.store.filter(id => overview.stores.every(({ store }) => store !== id))
  const parts = [
    gone.length === 0
      ? null
      : `There is no store ${gone.join(', ')}: ${chosen.length === 0 ? 'all stores are' : 'the others are'} shown.`,
    asked.currency === null || currencies.includes(asked.currency)
      ? null
      : asked.currency === ALL_CURRENCIES
        ? `Amounts of several currencies are never added here: what is in ${currency} is shown.`
        : `Nothing is sold in ${asked.currency} there: what is in ${currency} is shown.`,
  ].filter(part => part !== null)
  return parts.length > 0 ? parts.join(' ') : null
}

/** The newest day with data: of the stores of the currency, for in another zone tomorrow may have begun. */
function newestDayOf(stores: readonly StoreSummary[], currency: string): BusinessDay | null {
  return stores
    .filter(store => store.currency === currency)
    .reduce<BusinessDay | null>(
      (newest, { lastDay }) => (lastDay && lastDay > (newest ?? '') ? lastDay : newest),
      null,
    )
}

function daysOf({ from, to }: AskedScope, newest: BusinessDay): DayRange {
  const first = from ?? to ?? newest
  const last = to ?? first
  return first <= last ? { from: first, to: last } : { from: last, to: first }
}
