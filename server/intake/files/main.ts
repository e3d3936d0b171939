import path from 'node:path'
import { withDatabase } from '#db/open.ts'
import { flag, parseOptions, runCommand, text, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { builtInMappings, findMapping } from './interpret/mapping.ts'
import { findSourceFiles, leftOutOf } from './read/source-file.ts'
import type { ImportProgress } from './store/import-rows.ts'
import { runImport } from './store/run-import.ts'
import { exitCodeOf, renderSummary } from './store/summary.ts'

const USAGE = `Usage: npm run import -- PATH --mapping NAME_OR_FILE [options]

Loads transaction files into the order log: PATH is a file or a folder of files (csv, ndjson, also .gz).
Doing it twice adds nothing. Rows that are not loaded go to a file, with row number and reason.

  --mapping NAME_OR_FILE  what the columns mean: ${(await builtInMappings()).join(', ')}, or a file (docs/mappings.md)
  --dry-run               says what would be loaded and writes nothing to the log
  --rejects FOLDER        where the rows that are not loaded go (default: DATA_DIR/rejects)
  --json                  the summary as JSON
  --help                  this text

Exit code: 0 every row was loaded or set aside by a rule, 2 some were rejected, 1 failed.
`

await runCommand({
  usage: USAGE,
  hint: '"npm run import -- --help" lists the options.',
  // 2 says that rows were rejected (docs/mappings.md): a wrong call is a failure like any other.
  usageExitCode: 1,
  parse: parseArguments,
  run,
})

function parseArguments(args: readonly string[]) {
  const options = { mapping: text(), 'dry-run': flag(), rejects: text(), json: flag() }
  const { words, mapping, ...given } = parseOptions(args, options, { takesWords: true })
  const [target, ...others] = words
  if (target === undefined || others.length > 0 || mapping === undefined) {
    throw new UsageError('Name one path and a mapping: npm run import -- PATH --mapping NAME_OR_FILE')
  }
  return { ...given, target, mappingName: mapping }
}

async function run({
  target,
  mappingName,
  dryRun,
  rejects,
  json,
}: ReturnType<typeof parseArguments>): Promise<number> {
  const environment = readEnvironment()
  const from = environment.callerDirectory
  const mapping = await findMapping(mappingName, from)
  const files = await findSourceFiles(path.resolve(from, target), mapping.format)
  const leftOut = await leftOutOf(path.resolve(from, target))
  if (leftOut.length > 0)
    process.stderr.write(`Left out, being no file of a known ending: ${leftOut.join(', ')}\n`)
  const rejectsFolder =
    rejects === undefined ? path.join(environment.dataDir, 'rejects') : path.resolve(from, rejects)
  const summary = await withDatabase(environment, database =>
    runImport({
      databaseUrl: database.url,
      files,
      mapping,
      dryRun,
      rejectsPathOf: file => path.join(rejectsFolder, `${path.basename(file.path)}.rejects.csv`),
      ...(process.stderr.isTTY && { onProgress: progressLine() }),
    }),
  )
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  process.stdout.write(json ? `${JSON.stringify(summary, null, 2)}\n` : renderSummary(summary))
  return exitCodeOf(summary)
}

/** One line on the terminal that says how far the import is, written anew once a second. */
function progressLine(): (progress: ImportProgress) => void {
  let writtenAt = 0
  return ({ file, rows, documents }) => {
    if (performance.now() - writtenAt < 1_000) return
    writtenAt = performance.now()
    const done = documents > 0 ? `${documents} documents stored` : `${rows} rows read`
    process.stderr.write(`\r\u001b[K${file}: ${done}`)
  }
}
