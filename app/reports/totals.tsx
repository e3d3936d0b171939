import { reportBases, unitOf } from '#app/reports/report-table.tsx'
import {
  COMPARISON_PHRASES,
  changeText,
  coverageText,
  demoSpeedOf,
  figureText,
  percentText,
  rangeText,
} from '#app/reports/report-texts.ts'
import type { Change, Report } from '#app/trpc/router-outputs.ts'
import { BasisPopover } from '#app/ui/basis.tsx'
import { Card, CardContent, type CardQuery, Skeleton } from '#app/ui/card.tsx'
import { DemoChip, PathMarker, PathTag } from '#app/ui/marks.tsx'
import { FIGURES, type FigureName } from '#domain/report-views.ts'

/** What the whole range comes to, figure by figure, and how that has changed against what. */
export function TotalTiles({
  query,
  figures,
  zone,
}: {
  query: CardQuery<Report>
  figures: readonly FigureName[]
  zone: string
}) {
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
      {figures.map(name => {
        const { title, definition } = FIGURES[name]
        return (
          <Card
            key={name}
            title={title}
            unit={query.data ? unitOf(name, query.data.unit) : undefined}
            compact
            actions={
              <BasisPopover
                title={title}
                definition={definition}
                bases={query.data && reportBases(query.data, zone)}
              />
            }
          >
            <CardContent query={query} skeleton={<Skeleton className="h-13" />} staleNote={false}>
              {report => <Tile name={name} report={report} />}
            </CardContent>
          </Card>
        )
      })}
    </div>
  )
}

function Tile({ name, report }: { name: FigureName; report: Report }) {
  const { totals, changes, unit, compared, comparison } = report
  const coverage = coverageText(report)
  const change = changes[name]
  const demoSpeed = demoSpeedOf(report)
  return (
    <div className="@container grid gap-1">
      <dl className="flex flex-wrap items-center justify-between gap-x-2">
        <dt className="inline-flex items-center gap-1.5 text-2xs text-muted">
          <PathMarker path="batch" /> Batch
        </dt>
        <dd className="ml-auto text-[clamp(0.9375rem,12cqi,var(--text-figure))] font-semibold tracking-[-0.02em] whitespace-nowrap">
          {figureText(name, totals[name], unit)}
        </dd>
      </dl>
      <p className="min-h-8 text-2xs text-muted">
        {compared === null ? null : change?.change ? (
          <>
            {demoSpeed === 1 ? (
              <span className="font-medium text-text">{mainChange(name, change, unit)}</span>
            ) : (
              <DemoChip speed={demoSpeed} />
            )}{' '}
            {FIGURES[name].kind === 'percent' ? null : changeText(name, change.change, unit)} against{' '}
            {COMPARISON_PHRASES[comparison]}
          </>
        ) : (
          `Nothing to compare with: ${coverage ?? `${COMPARISON_PHRASES[comparison]} has no such figure`}`
        )}
      </p>
    </div>
  )
}

/** A percentage has changed by points; a percentage of a percentage nobody reads right. */
function mainChange(name: FigureName, change: Change, unit: string): string {
  return FIGURES[name].kind === 'percent' ? changeText(name, change.change, unit) : percentText(change, 1)
}

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
        <BasisPopover
          title="The books"
          definition="Opening + received − sold + returned + adjusted + transferred + count correction = closing. A store opens with the first day that a run has computed and closes with the last."
          bases={query.data && reportBases(query.data, zone)}
        />
      }
    >
      <CardContent query={query} skeleton={<Skeleton className="h-12" />} staleNote={false}>
        {({ totals }) => (
          <div className="grid gap-2">
            <PathTag path="batch" />
            <dl className="flex flex-wrap items-end gap-x-4 gap-y-2">
              {TERMS.map(([term, name]) => {
                const { sign, value } = signed(term, totals[name])
                return (
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
                      {figureText(name, value, '')}
                    </dd>
                  </div>
                )
              })}
            </dl>
          </div>
        )}
      </CardContent>
    </Card>
  )
}

type Sign = (typeof TERMS)[number][0]

/** What is added and less than nothing is taken off: "− 324", not "+ −324". */
function signed(term: Sign, value: string | null | undefined) {
  return term === '+' && value?.startsWith('-')
    ? ({ sign: '−', value: value.slice(1) } as const)
    : { sign: term, value }
}

const SPOKEN: Record<'+' | '−' | '=', string> = { '+': 'plus', '−': 'minus', '=': 'equals' }
