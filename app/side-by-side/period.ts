import { daysInRange, formatDay, formatDayRange } from '#app/format/day.ts'

/** Business days, both ends included. */
export interface DayRange {
  from: string
  to: string
}

export interface Preset {
  label: string
  range: DayRange
}

/** Ranges people ask for, counted back from the newest day with data. */
export function presetsUpTo(newest: string, first: string): Preset[] {
  const back = (days: number) => later(first, shifted(newest, -days))
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

/** The heading of the page: what one is looking at. */
export function periodTitle({ from, to }: DayRange, today: string | null): string {
  if (from === to && from === today) return 'Today so far'
  return formatDayRange(from, to)
}

/** Under the control: how the range is meant. */
export function periodNote({ from, to }: DayRange): string {
  const days = daysInRange(from, to)
  return days === 1 ? 'One business day.' : `${days} business days, the first and the last included.`
}

/** Calendar arithmetic on 'YYYY-MM-DD'. */
function shifted(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

function later(one: string, other: string): string {
  return one > other ? one : other
}
