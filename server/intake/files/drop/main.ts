import { readEnvironment } from '#platform/environment.ts'
import { runCommand, UsageError } from '#server/intake/command.ts'
import { importDroppedFiles } from './drop-folder.ts'

// Started by the intake whenever files lie ready: a process of its own, so that a large file never stalls the
// answers to tills. Takes what is ready, tells one JSON line a file, and ends.
await runCommand(async () => {
  const { databaseUrl, dropDir } = readEnvironment()
  if (databaseUrl === undefined)
    throw new UsageError('This program is started by the intake, with DATABASE_URL set.')
  await importDroppedFiles({
    databaseUrl,
    dropDir,
    folders: 'watched',
    onFile(taken) {
      const told =
        taken.state === 'retry'
          ? { ...taken, error: taken.error instanceof Error ? taken.error.message : String(taken.error) }
          : taken
      process.stdout.write(`${JSON.stringify(told)}\n`)
    },
  })
  return 0
})
