import type { AskedRestock } from '#app/url-state.ts'
import type { LiveAlert } from '#server/web/live/messages.ts'

const RULES: Record<AskedRestock['severity'], LiveAlert['rule'][]> = {
  all: [],
  critical: ['out_of_stock', 'oversold'],
  low: ['stockout_before_delivery', 'low_stock'],
}

/** The scope to ask for. A store that is gone is dropped, as on the other pages. */
export function restockScopeOf(asked: AskedRestock, stores: readonly { store: string }[]) {
  return {
    stores: stores.map(({ store }) => store).filter(store => asked.store.includes(store)),
    rules: RULES[asked.severity],
    supplier: asked.supplier,
  }
}
