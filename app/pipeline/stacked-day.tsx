import { formatShortDay } from '#app/format/day.ts'

/** A day for a narrow column, its date above its month: fourteen fit beside each other. */
export function StackedDay({ day }: { day: string }) {
  const [date, month] = formatShortDay(day).split(' ')
  return (
    <>
      <span className="block">{date}</span> <span className="block">{month}</span>
    </>
  )
}
