import {
  createLoader,
  createParser,
  createSerializer,
  parseAsArrayOf,
  parseAsBoolean,
  parseAsInteger,
  parseAsString,
  parseAsStringLiteral,
} from 'nuqs/server'
import { GRAINS, isBusinessDay } from '#domain/calendar.ts'
import { COMPARISONS, FIGURE_NAMES } from '#domain/report-views.ts'

export const REPORTS = ['sales', 'inventory', 'products', 'returns', 'reviews'] as const
export type ReportName = (typeof REPORTS)[number]

/** A day that exists: an address with 30 February shows the default, not an error. */
const parseAsDay = createParser({
  parse: text => (isBusinessDay(text) ? text : null),
  serialize: (day: string) => day,
})

const SORT_KEYS = ['key', 'before', 'change', ...FIGURE_NAMES] as const

/** A column to sort by, largest first with a minus before it: `-net`. */
const parseAsSort = createParser({
  parse: text => {
    const by = SORT_KEYS.find(key => key === text.replace(/^-/, ''))
    return by === undefined ? null : { by, descending: text.startsWith('-') }
  },
  serialize: ({ by, descending }: { by: (typeof SORT_KEYS)[number]; descending: boolean }) =>
    `${descending ? '-' : ''}${by}`,
  eq: (one, other) => one.by === other.by && one.descending === other.descending,
})

/** What the address of the page says. What it does not say, the page chooses. */
export const urlState = {
  report: parseAsStringLiteral(REPORTS).withDefault('sales'),
  /** First and last day, both included. */
  from: parseAsDay,
  to: parseAsDay,
  /** Ids; empty for all. */
  store: parseAsArrayOf(parseAsString).withDefault([]),
  /** A code, or `all` for the reporting currency. */
  currency: parseAsString,
  grain: parseAsStringLiteral(GRAINS).withDefault('day'),
  compare: parseAsStringLiteral(COMPARISONS).withDefault('before'),
  /** The figure that is drawn and compared. */
  metric: parseAsStringLiteral(FIGURE_NAMES),
  /** Order of the table by period, and of the one by store or product. */
  order: parseAsSort,
  sort: parseAsSort,
  page: parseAsInteger.withDefault(1),
  /** Part of a product's name or code. */
  q: parseAsString.withDefault(''),
  /** Only rows whose stock ran out. */
  stockout: parseAsBoolean.withDefault(false),
}

export const loadUrlState = createLoader(urlState)
export const addressOf = createSerializer(urlState)

/** What another report would not understand: it begins with its own. */
export const OWN_OF_REPORT = {
  metric: null,
  order: null,
  sort: null,
  page: null,
  q: null,
  stockout: null,
} as const

type Sort = { by: (typeof SORT_KEYS)[number]; descending: boolean }

/** An order as a table asks for it, when it is one the address can say. */
export function asSort({ by, descending }: { by: string; descending: boolean }): Sort | null {
  const known = SORT_KEYS.find(key => key === by)
  return known === undefined ? null : { by: known, descending }
}
