import { formatCount, plural } from '#app/format/number.ts'
import type { DayState, Report, Settlement } from '#app/trpc/router-outputs.ts'
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
  if (settlement === null || settlement.state === null) return null
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

/** How settled a whole range is: `Of 84 store-days: 4 still open, 2 restated.` Of nothing on file there is no verdict. */
export function settlementText({ settlement, isLogRead }: Pick<Report, 'settlement' | 'isLogRead'>): string {
  const { counts, restated, uncovered, storeDays } = settlement
  if (!isLogRead) return 'No batch run has read the log yet.'
  if (storeDays === 0) return 'Nothing is on file of these days and stores.'
  const parts = [
    [counts.open, 'still open'],
    [counts['awaiting-journal'], 'awaiting a journal'],
    [counts.unclosed, 'not closed yet'],
    [counts.incomplete, 'closed incomplete'],
    [restated, 'restated after closing'],
    [uncovered, 'in no run of this report yet'],
  ] as const
  const found = parts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`)
  return found.length === 0
    ? `Every store-day on file is closed (${formatCount(storeDays)}).`
    : `Of ${plural(storeDays, 'store-day')}: ${found.join(', ')}.`
}
