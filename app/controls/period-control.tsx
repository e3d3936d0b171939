'use client'

import { Popover } from '@base-ui/react/popover'
import { CalendarDays } from 'lucide-react'
import dynamic from 'next/dynamic'
import { type DayRange, periodNote, presetsUpTo } from '#app/controls/period.ts'
import { formatDayRange } from '#app/format/day.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { loadPatiently } from '#app/ui/load-patiently.ts'
import { Popup } from '#app/ui/popup.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'

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
        <CalendarDays aria-hidden="true" className="size-4 text-muted max-sm:hidden" />
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
