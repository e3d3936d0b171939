import { DayPicker } from 'react-day-picker'
import type { DayRange } from '#app/controls/scope.ts'
import { dayOfLocalDate, localDateOfDay } from '#app/format/day.ts'
import { classNames } from '#app/ui/class-names.ts'

const CELL = 'size-9 p-0 text-center text-xs pointer-coarse:size-11'

/** A month in which a day, or a first and a last day, are chosen. Days without data cannot be. */
export default function DayCalendar({
  range,
  first,
  last,
  onChange,
}: {
  range: DayRange
  first: string
  last: string
  onChange: (range: DayRange) => void
}) {
  const selected = { from: localDateOfDay(range.from), to: localDateOfDay(range.to) }
  return (
    <DayPicker
      mode="range"
      required
      weekStartsOn={1}
      showOutsideDays
      captionLayout="dropdown"
      selected={selected}
      defaultMonth={selected.to}
      startMonth={localDateOfDay(first)}
      endMonth={localDateOfDay(last)}
      disabled={[{ before: localDateOfDay(first) }, { after: localDateOfDay(last) }]}
      onSelect={(_, pressed) => onChange(nextRange(range, dayOfLocalDate(pressed)))}
      classNames={{
        root: 'relative',
        months: 'flex',
        month: 'grid gap-2',
        nav: 'absolute top-0 right-0 flex',
        button_previous: NAV_BUTTON,
        button_next: NAV_BUTTON,
        chevron: 'size-4 fill-current',
        month_caption: 'flex h-8 items-center',
        dropdowns: 'flex gap-1',
        dropdown_root: 'relative rounded-md hover:bg-faint focus-within:outline-2 focus-within:outline-text',
        dropdown: 'absolute inset-0 cursor-pointer opacity-0',
        caption_label: 'flex items-center gap-1 px-2 py-1 text-xs font-medium',
        month_grid: 'border-collapse',
        weekday: 'w-9 pb-1 text-2xs font-normal text-muted pointer-coarse:w-11',
        day: CELL,
        day_button:
          'size-full rounded-md hover:bg-faint disabled:cursor-default disabled:hover:bg-transparent',
        selected: 'bg-faint',
        range_start: RANGE_END,
        range_end: RANGE_END,
        today: 'font-semibold underline underline-offset-4',
        outside: 'text-muted',
        disabled: 'opacity-40',
      }}
    />
  )
}

const NAV_BUTTON = classNames(
  'inline-flex size-8 items-center justify-center rounded-md text-muted hover:bg-faint hover:text-text aria-disabled:opacity-40',
)
const RANGE_END = '[&>button]:bg-text [&>button]:text-bg [&>button]:hover:bg-text'

/** The first press chooses one day, the second the other end; a third begins anew. */
function nextRange(range: DayRange, pressed: string): DayRange {
  if (range.from !== range.to || pressed === range.from) return { from: pressed, to: pressed }
  return pressed < range.from ? { from: pressed, to: range.to } : { from: range.from, to: pressed }
}
