import { Popover } from '@base-ui/react/popover'
import { CalendarDays } from 'lucide-react'
import dynamic from 'next/dynamic'
import type { DayRange } from '#app/controls/scope.ts'
import { daysInRange, formatDay, formatDayRange } from '#app/format/day.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { Skeleton } from '#app/ui/card.tsx'
import { loadPatiently } from '#app/ui/load-patiently.ts'
import { Popup } from '#app/ui/popup.tsx'
import { addDays } from '#domain/calendar.ts'

// A calendar is code that most visits do not need.
const DayCalendar = dynamic(() => loadPatiently(() => import('#app/controls/day-calendar.tsx')), {
  ssr: false,
  loading: () => <Skeleton className="h-80 w-63" />,
})

/** Which business days the page is about: one, or a range with both ends included. */
export function PeriodControl({
  range,
  first,
  last,
  onChange,
}: {
  range: DayRange
  /** Days outside of these have no data. */
  first: string
  last: string
  onChange: (range: DayRange) => void
}) {
  return (
    <Popover.Root>
      <Popover.Trigger className={buttonLook()}>
        <CalendarDays className="size-4 text-muted max-sm:hidden" />
        {formatDayRange(range.from, range.to)}
      </Popover.Trigger>
      <Popup title="Business days" hideTitle className="grid gap-3 sm:flex sm:gap-4">
        <ul className="flex flex-wrap gap-1 sm:w-40 sm:flex-col sm:flex-nowrap">
          {presetsUpTo(last, first).map(preset => (
            <li key={preset.label}>
              <Button
                kind="quiet"
                className="justify-start aria-pressed:bg-faint aria-pressed:text-text sm:w-full"
                aria-pressed={preset.range.from === range.from && preset.range.to === range.to}
                onClick={() => onChange(preset.range)}
              >
                {preset.label}
              </Button>
            </li>
          ))}
        </ul>
        <div className="grid gap-2">
          <DayCalendar range={range} first={first} last={last} onChange={onChange} />
          <p aria-live="polite" className="max-w-63 border-t border-line pt-2 text-2xs text-muted">
            {periodNote(range)} Choose a second day for a range.
          </p>
        </div>
      </Popup>
    </Popover.Root>
  )
}

/** Ranges people ask for, counted back from the newest day with data. */
function presetsUpTo(newest: string, first: string): { label: string; range: DayRange }[] {
  const back = (days: number) => later(first, addDays(newest, -days))
  const monthStart = `${newest.slice(0, 7)}-01`
  const presets = [
    { label: formatDay(newest), range: { from: newest, to: newest } },
    { label: 'The day before', range: { from: back(1), to: back(1) } },
    { label: 'Last 7 days', range: { from: back(6), to: newest } },
    { label: 'Last 28 days', range: { from: back(27), to: newest } },
    { label: 'This month', range: { from: later(first, monthStart), to: newest } },
  ]
  // With two days of data all the longer ones are the same.
  return presets.filter(
    ({ range }, index) =>
      presets.findIndex(other => other.range.from === range.from && other.range.to === range.to) === index,
  )
}

/** Under the control: how the range is meant. */
function periodNote({ from, to }: DayRange): string {
  const days = daysInRange(from, to)
  return days === 1 ? 'One business day.' : `${days} business days, the first and the last included.`
}

function later(one: string, other: string): string {
  return one > other ? one : other
}
