import { ENGINE_TITLES } from '#domain/engine.ts'
import type { FoundRow } from './findings.ts'
import {
  type AnswerReconciliation,
  isClean,
  type ReconciledFigure,
  type Reconciliation,
} from './reconcile.ts'

/** A range with more differing figures is told by its totals alone; `--json` and the view have them all. */
const MAX_LINES = 200

const COLUMNS = [
  'batch',
  'stream',
  'difference',
  'afterBatch',
  'beforeStream',
  'ruleVersion',
  'unexplained',
] as const
const HEADINGS = [
  'batch',
  'stream',
  'difference',
  '+ after batch',
  '- before stream',
  '+ rule version',
  '+ unexplained',
]

/** A reconciliation for people: where the paths differ and why, the totals, what was found, the verdict. */
export function describeReconciliation(reconciliation: Reconciliation): string {
  const { compared, differing, totals, answers, findings } = reconciliation
  if (compared === 0 && isClean(reconciliation)) {
    return `${['Nothing to compare: neither path knows of a sale in this range.', ...remarks(reconciliation)].join('\n')}\n`
  }
  const parts = [
    ...(differing.length === 0
      ? []
      : [`Figures that differ (${differing.length} of ${compared})`, differingTable(differing)]),
    'Totals',
    totalsTable(totals),
    ...answers.flatMap(describeAnswer),
    ...(findings.length === 0 ? [] : [`Findings (${findings.length})`, findingsTable(findings)]),
    ...remarks(reconciliation),
    verdict(reconciliation),
  ]
  return `${parts.join('\n')}\n`
}

/** A further answer, against the batch path as the active one is. */
function describeAnswer({
  generation,
  engine,
  compared,
  differing,
  totals,
  unexplained,
}: AnswerReconciliation): string[] {
  const wrong = differing.filter(figure => !isExplained(figure))
  return [
    `Generation ${generation} (${ENGINE_TITLES[engine]}): ${compared} figures, ${differing.length} differ from batch, ${unexplained} not explained`,
    ...(wrong.length === 0 ? [] : [differingTable(wrong)]),
    totalsTable(totals),
  ]
}

function totalsTable(totals: Reconciliation['totals']): string {
  return table([
    ['currency', 'metric', ...HEADINGS],
    ...totals.map(total => [total.currency, total.metric, ...COLUMNS.map(column => total[column])]),
  ])
}

/** What the verdict is not about. */
function remarks({ notRebuildable, outside, notAudited }: Reconciliation): string[] {
  return [
    ...(notAudited === null ? [] : [notAudited]),
    ...(notRebuildable
      ? [
          `${notRebuildable} events were written before rows kept all that was sent: not rebuildable, held by day and totals alone.`,
        ]
      : []),
    ...(outside
      ? [
          `Outside what was asked for: ${counted(outside.storeDays, 'store-day')} with events, ${outside.from} to ${outside.to}.`,
        ]
      : []),
  ]
}

function verdict(reconciliation: Reconciliation): string {
  const { compared, differing, answers, findings, isAudited } = reconciliation
  const unexplained = answers.reduce((sum, answer) => sum + answer.unexplained, reconciliation.unexplained)
  if (isClean(reconciliation)) {
    const differences =
      differing.length === 0 ? 'no difference' : `${differing.length} differences, all explained`
    const rows = isAudited
      ? 'every row agrees with the log'
      : 'reports agree with the checksums of their runs (rows were not audited)'
    const further =
      answers.length === 0 ? '' : `; ${counted(answers.length, 'further answer')} explained likewise`
    return `${compared} figures compared: ${differences}; ${rows}${further}. Unexplained: 0.`
  }
  return `UNEXPLAINED: ${unexplained} of ${compared} figures; ${counted(findings.length, 'finding')}. Repair: rebuild a report with "npm run jobs -- run JOB --from D --to D", the stream's tables with "npm run replay".`
}

function differingTable(differing: readonly ReconciledFigure[]): string {
  // What is unexplained is never left out.
  const shown = [...differing]
    .sort((one, other) => Number(isExplained(one)) - Number(isExplained(other)))
    .slice(0, MAX_LINES)
  const rest = differing.length - shown.length
  const rows = shown.map(figure => [
    figure.businessDay,
    figure.store,
    figure.currency,
    figure.metric,
    ...COLUMNS.map(column => figure[column]),
  ])
  const lines = table([['business day', 'store', 'currency', 'metric', ...HEADINGS], ...rows])
  return rest > 0 ? `${lines}  … and ${rest} more, all in reports.reconciliation\n` : lines
}

function isExplained({ unexplained }: ReconciledFigure): boolean {
  return Number(unexplained) === 0
}

function findingsTable(findings: readonly FoundRow[]): string {
  return table([
    ['kind', 'path', 'relation', 'row', 'metric', 'stored', 'expected', ''],
    ...findings
      .slice(0, MAX_LINES)
      .map(({ kind, path, relation, rowKey, metric, stored, expected, detail }) => [
        kind,
        path,
        relation,
        Object.entries(rowKey)
          .map(([column, value]) => `${column}=${value}`)
          .join(' '),
        metric,
        ...valuesOf({ metric, stored, expected }),
        detail ?? '',
      ]),
  ])
}

function valuesOf({ metric, stored, expected }: Pick<FoundRow, 'metric' | 'stored' | 'expected'>): string[] {
  if (metric === 'checksum') return ['changed since its run', 'as the run left it']
  return [stored ?? 'nothing', expected ?? 'nothing']
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Texts to the left, figures to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const [heading = [], ...body] = rows
  const widths = heading.map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  const isFigure = heading.map((_, column) =>
    body.every(row => /^(-?[\d.]+|nothing)$/.test(row[column] ?? '')),
  )
  return rows
    .map(row => {
      const cells = row.map((cell, column) =>
        isFigure[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      return `  ${cells.join('  ').trimEnd()}\n`
    })
    .join('')
}
