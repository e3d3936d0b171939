import { withConnection, withDatabase } from '#db/open.ts'
import { BUSINESS_DAY_RULE, daysBetween, isBusinessDay } from '#domain/calendar.ts'
import { flag, parseOptions, runCommand, UsageError, valued } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { executeArchiveCommand } from './execute-command.ts'
import { ARCHIVE_REPORTS } from './report-statements.ts'

const USAGE = `Usage: npm run archive -- list [--json]
       npm run archive -- verify [--from DAY] [--to DAY] [--json]
       npm run archive -- restore [--from DAY --to DAY] [--json]
       npm run archive -- report NAME --from DAY --to DAY [--compare] [--json]

The archive of the order log: an append day (of UTC) is one Parquet file with a manifest, in ARCHIVE (a folder or
s3://bucket/prefix; unset: DATA_DIR/archive). "npm run jobs -- run archive" writes the days that are over.

  list     the days that stand in the archive, and where the log no longer has them
  verify   reads every row back and holds it against its manifest, and against the log where that has the day
  restore  without days: the whole log into an empty database, which becomes that log.
           With days: those that retention has dropped, back into the log
  report   sales of business days (or the months they touch) computed from the archive by DuckDB, as CSV:
           ${ARCHIVE_REPORTS.join(', ')}.
           With --compare: held row by row against the batch path's report instead of printed

Exit code: 0 done, 1 something is not what it should be, 2 wrong usage.
`

const VERBS = ['list', 'verify', 'restore', 'report'] as const

await runCommand({
  usage: USAGE,
  hint: '"npm run archive -- --help" shows how.',
  parse: parseArguments,
  run: command => {
    const environment = readEnvironment()
    return withDatabase(environment, ({ url }) =>
      withConnection(url, { applicationName: 'tillstream archive' }, sql =>
        executeArchiveCommand(command, {
          sql,
          environment,
          print: text => process.stdout.write(text),
          report: line => process.stderr.write(`${line}\n`),
        }),
      ),
    )
  },
})

function parseArguments(args: readonly string[]) {
  const { words, from, to, compare, json } = parseOptions(
    args,
    { from: valued(parseDay), to: valued(parseDay), compare: flag(), json: flag() },
    { takesWords: true },
  )
  const [word, ...others] = words
  const verb = VERBS.find(known => known === word)
  if (verb === undefined) {
    throw new UsageError(
      word === undefined
        ? `say what to do: ${VERBS.join(', ')}`
        : `"${word}" is not known: say ${VERBS.join(', ')}`,
    )
  }
  const name = verb === 'report' ? others.shift() : undefined
  const report = ARCHIVE_REPORTS.find(known => known === name) ?? null
  if (others.length > 0) throw new UsageError(`"${others[0]}" is one word too many`)
  if (verb === 'report' && (report === null || from === undefined || to === undefined)) {
    throw new UsageError(`report needs a name (${ARCHIVE_REPORTS.join(', ')}) and days: --from DAY --to DAY`)
  }
  if (compare && verb !== 'report') throw new UsageError(`${verb} takes no --compare`)
  if (verb === 'list' && (from ?? to) !== undefined) throw new UsageError('list takes no days')
  if (verb === 'restore' && (from === undefined) !== (to === undefined)) {
    throw new UsageError('restore takes no days (the whole log), or both: --from DAY --to DAY')
  }
  if (from !== undefined && to !== undefined && to < from) {
    throw new UsageError(`--to ${to} lies before --from ${from}`)
  }
  const days = from !== undefined && to !== undefined ? daysBetween(from, to) : null
  return { verb, report, from, to, days, compare, json }
}

function parseDay(text: string, name: string): string {
  if (isBusinessDay(text)) return text
  throw new UsageError(`--${name} "${text}" is not ${BUSINESS_DAY_RULE}`)
}
