import path from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase } from '#db/embedded/open-database.ts'
import { migrate } from '#db/migrate.ts'
import { readEnvironment } from '#platform/environment.ts'
import { runCommand, UsageError } from '#server/intake/command.ts'
import { builtInMappings, findMapping } from './interpret/mapping.ts'
import { findSourceFiles, type SourceFile } from './read/source-file.ts'
import type { ImportProgress } from './store/import-rows.ts'
import { runImport } from './store/run-import.ts'
import { exitCodeOf, renderSummary } from './store/summary.ts'

const HELP = `Usage: npm run import -- PATH --mapping NAME_OR_FILE [options]

Loads transaction files into the order log: PATH is a file or a folder of files (csv, ndjson, also .gz).
Doing it twice adds nothing. Rows that are not loaded go to a file, with row number and reason.

  --mapping NAME_OR_FILE  what the columns mean: ${(await builtInMappings()).join(', ')}, or a file (docs/mappings.md)
  --dry-run               says what would be loaded and writes nothing to the log
  --rejects FOLDER        where the rows that are not loaded go (default: DATA_DIR/rejects)
  --json                  the summary as JSON
  --help                  this text

Exit code: 0 every row was loaded or set aside by a rule, 2 some were rejected, 1 failed.
`

// 2 says that rows were rejected: a wrong call is a failure like any other.
await runCommand(run, { usageExitCode: 1 })

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      mapping: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      rejects: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const [target, ...others] = positionals
  if (target === undefined || others.length > 0 || values.mapping === undefined) {
    throw new UsageError('Name one path and a mapping: npm run import -- PATH --mapping NAME_OR_FILE')
  }
  const environment = readEnvironment()
  const from = environment.callerDirectory
  const mapping = await findMapping(values.mapping, from)
  const files = await findSourceFiles(path.resolve(from, target), mapping.format)
  const rejectsFolder =
    values.rejects === undefined
      ? path.join(environment.dataDir, 'rejects')
      : path.resolve(from, values.rejects)
  const database = await openDatabase(environment)
  try {
    await migrate(database.url)
    const summary = await runImport({
      databaseUrl: database.url,
      files,
      mapping,
      dryRun: values['dry-run'],
      rejectsPathOf: (file: SourceFile) =>
        path.join(rejectsFolder, `${path.basename(file.path)}.rejects.csv`),
      ...(process.stderr.isTTY && { onProgress: progressLine() }),
    })
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
    process.stdout.write(values.json ? `${JSON.stringify(summary, null, 2)}\n` : renderSummary(summary))
    return exitCodeOf(summary)
  } finally {
    await database.release()
  }
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
