import { formatCount, plural } from '#app/format/number.ts'
import type { DayState, Settlement } from '#app/trpc/router-outputs.ts'
import { Chip } from '#app/ui/marks.tsx'

export const STATE_NAMES: Record<DayState, string> = {
  open: 'so far',
  'awaiting-journal': 'awaiting journal',
  unclosed: 'not closed yet',
  incomplete: 'closed incomplete',
  closed: 'closed',
}

/** Whether more will be added: drawn pale and dashed. */
export function isUnsettled(settlement: Settlement | null): boolean {
  return settlement?.state === 'open' || settlement?.state === 'awaiting-journal'
}

/** How settled a row is, in a word or two. */
export function SettlementChips({ settlement }: { settlement: Settlement | null }) {
  if (settlement === null || settlement.storeDays === 0) return null
  const { state, restated, uncovered, storeDays } = settlement
  return (
    <span className="inline-flex gap-1">
      {state === 'closed' ? (
        <span className="text-2xs text-muted">closed</span>
      ) : (
        <Chip tone={state === 'incomplete' ? 'bad' : 'plain'}>{STATE_NAMES[state]}</Chip>
      )}
      {restated > 0 ? <Chip>restated</Chip> : null}
      {uncovered > 0 && uncovered < storeDays ? (
        <Chip>{`${uncovered} of ${storeDays} not in yet`}</Chip>
      ) : null}
    </span>
  )
}

/** What the words mean. */
export function SettlementLegend() {
  return (
    <dl className="flex flex-wrap gap-x-4 gap-y-1 text-2xs text-muted">
      {LEGEND.map(([word, meaning]) => (
        <div key={word}>
          <dt className="inline font-medium text-text">{word}</dt> <dd className="inline">{meaning}</dd>
        </div>
      ))}
    </dl>
  )
}

const LEGEND = [
  [STATE_NAMES.open, 'the day is not over, pale and dashed in charts'],
  [STATE_NAMES['awaiting-journal'], 'over, but a store’s journal file has not come'],
  [STATE_NAMES.unclosed, 'over, not published yet'],
  [STATE_NAMES.incomplete, 'published without all journals or Z reports'],
  [STATE_NAMES.closed, 'published'],
  ['restated', 'changed after it was published'],
] as const

/** What of a whole range is not settled: `Of 84 store-days: 4 still open, 2 restated.` Null when all of it is. */
export function unsettledText({ counts, restated, uncovered, storeDays }: Settlement): string | null {
  const parts = [
    [counts.open, 'still open'],
    [counts['awaiting-journal'], 'awaiting a journal'],
    [counts.unclosed, 'not closed yet'],
    [counts.incomplete, 'closed incomplete'],
    [restated, 'restated after closing'],
    [uncovered, 'in no run of this report yet'],
  ] as const
  const found = parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`)
  return found.length === 0 ? null : `Of ${plural(storeDays, 'store-day')}: ${found.join(', ')}.`
}
