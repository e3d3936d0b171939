import { messageOf, parseOptions, runCommand, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { importDroppedFiles, type TakenFile } from './drop-folder.ts'
import type { ToldFile } from './drop-watch.ts'

// Started by the intake whenever files lie ready: a process of its own, so that a large file never stalls the
// answers to tills. Takes what is ready, tells a message a file, and ends.
await runCommand({
  usage:
    'Started by the intake, with DATABASE_URL and DROP_DIR set: imports the dropped files that are complete.\n',
  hint: '"npm run import -- --help" says how to import a file by hand.',
  parse: args => parseOptions(args, {}),
  async run() {
    const { databaseUrl, dropDir } = readEnvironment()
    if (databaseUrl === undefined || process.send === undefined)
      throw new UsageError('This program is started by the intake, with DATABASE_URL set.')
    await importDroppedFiles({ databaseUrl, dropDir, folders: 'watched', onFile: tell })
  },
})

/** Over the channel, not the output: a line that some library writes there is no message. */
function tell(taken: TakenFile): Promise<void> {
  const told: ToldFile = taken.state === 'retry' ? { ...taken, error: messageOf(taken.error) } : taken
  return new Promise((resolve, reject) => {
    process.send?.(told, undefined, undefined, error => (error ? reject(error) : resolve()))
  })
}
