import { daysInRange, formatDay } from '#app/format/day.ts'
import { addDays } from '#domain/calendar.ts'

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
export function periodNote({ from, to }: DayRange): string {
  const days = daysInRange(from, to)
  return days === 1 ? 'One business day.' : `${days} business days, the first and the last included.`
}

function later(one: string, other: string): string {
  return one > other ? one : other
}
