import { figureText } from '#app/reports/figure-text.ts'
import { rangeText } from '#app/reports/period-text.ts'
import { reportBases } from '#app/reports/report-basis.ts'
import type { Report } from '#app/trpc/router-outputs.ts'
import { BasisPopover } from '#app/ui/basis-popover.tsx'
import { Card } from '#app/ui/card.tsx'
import { CardContent, type CardQuery } from '#app/ui/card-content.tsx'
import { PathTag } from '#app/ui/path-marker.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { FIGURES, type FigureName } from '#domain/report-views.ts'

const TERMS = [
  ['', 'opening'],
  ['+', 'received'],
  ['−', 'sold'],
  ['+', 'returned'],
  ['+', 'adjusted'],
  ['+', 'transferred'],
  ['+', 'count_correction'],
  ['=', 'closing'],
] as const satisfies readonly (readonly [string, FigureName])[]

/** The books of the range: what was there, what moved, and what that leaves. */
export function StockEquation({ query, zone }: { query: CardQuery<Report>; zone: string }) {
  return (
    <Card
      title="The books"
      unit="units"
      note={query.data ? rangeText(query.data) : undefined}
      actions={
        query.data ? (
          <BasisPopover
            title="The books"
            definition="Opening + received − sold + returned + adjusted + transferred + count correction = closing. A store opens with the first day that a run has computed and closes with the last."
            bases={reportBases(query.data, zone)}
          />
        ) : null
      }
    >
      <CardContent query={query} skeleton={<Skeleton className="h-12" />} staleNote={false}>
        {({ totals }) => (
          <div className="grid gap-2">
            <PathTag path="batch" />
            <dl className="flex flex-wrap items-end gap-x-4 gap-y-2">
              {TERMS.map(([sign, name]) => (
                <div key={name}>
                  <dt className="text-2xs text-muted">
                    {sign ? <span className="sr-only">{SPOKEN[sign]} </span> : null}
                    {FIGURES[name].title}
                  </dt>
                  <dd className="text-base font-semibold">
                    {sign ? (
                      <span aria-hidden="true" className="mr-2 font-normal text-muted">
                        {sign}
                      </span>
                    ) : null}
                    {figureText(name, totals[name], '')}
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        )}
      </CardContent>
    </Card>
  )
}

const SPOKEN: Record<'+' | '−' | '=', string> = { '+': 'plus', '−': 'minus', '=': 'equals' }
