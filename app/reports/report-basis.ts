import { formatCount } from '#app/format/number.ts'
import { formatFullMoment } from '#app/format/time.ts'
import { offsetsText } from '#app/side-by-side/basis.ts'
import type { Report, ReportBasis } from '#app/trpc/router-outputs.ts'
import type { PathBasis } from '#app/ui/basis-popover.tsx'

/** What a report's figures rest on, in words: its runs, when they committed, how far they had read. */
export function reportBases({ basis, comparedBasis }: Report, zone: string): PathBasis[] {
  return [
    {
      path: 'batch',
      lines: [
        ...basisLines(basis, zone),
        ...(comparedBasis
          ? basisLines(comparedBasis, zone).map(line => ({ ...line, name: `${line.name}, before` }))
          : []),
      ],
    },
  ]
}

function basisLines(basis: ReportBasis, zone: string): { name: string; value: string }[] {
  const { job, runs, oldestRunId, newestRunId, oldestComputedAt, newestComputedAt, through } = basis
  if (newestRunId === null || oldestRunId === null) return [{ name: 'Runs', value: `none of ${job} yet` }]
  return [
    { name: 'Runs', value: `${formatCount(runs)} of ${job}` },
    { name: 'Oldest', value: runText(oldestRunId, oldestComputedAt, zone) },
    { name: 'Newest', value: runText(newestRunId, newestComputedAt, zone) },
    { name: 'Read through', value: offsetsText(through) },
  ]
}

function runText(runId: number, computedAt: number | null, zone: string): string {
  return `${formatCount(runId)}${computedAt === null ? '' : `, ${formatFullMoment(computedAt, zone)}`}`
}
