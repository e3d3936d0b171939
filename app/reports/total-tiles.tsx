import { unitOf } from '#app/reports/figure-columns.tsx'
import { changeText, figureText, percentText } from '#app/reports/figure-text.ts'
import { COMPARISON_PHRASES } from '#app/reports/period-text.ts'
import { reportBases } from '#app/reports/report-basis.ts'
import type { Change, Report } from '#app/trpc/router-outputs.ts'
import { BasisPopover } from '#app/ui/basis-popover.tsx'
import { Card } from '#app/ui/card.tsx'
import { CardContent, type CardQuery } from '#app/ui/card-content.tsx'
import { PathMarker } from '#app/ui/path-marker.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
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
              query.data ? (
                <BasisPopover title={title} definition={definition} bases={reportBases(query.data, zone)} />
              ) : null
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
  const change = changes[name]
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
            <span className="font-medium text-text">{mainChange(name, change, unit)}</span>{' '}
            {FIGURES[name].kind === 'percent' ? null : changeText(name, change.change, unit)} against{' '}
            {COMPARISON_PHRASES[comparison]}
          </>
        ) : (
          `Nothing to compare with: ${COMPARISON_PHRASES[comparison]} has no figures`
        )}
      </p>
    </div>
  )
}

/** A percentage has changed by points; a percentage of a percentage nobody reads right. */
function mainChange(name: FigureName, { change, percent }: Change, unit: string): string {
  return FIGURES[name].kind === 'percent' ? changeText(name, change, unit) : percentText(percent)
}
