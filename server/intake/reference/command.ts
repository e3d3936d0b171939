import path from 'node:path'
import { withConnection, withDatabase } from '#db/open.ts'
import { type Command, flag, parseOptions, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { addReference, type ReferenceTable } from './reference-table.ts'
import { readTableText } from './table-file.ts'

interface Action {
  /** Null: list. */
  file: string | null
  json: boolean
}

/** `npm run <plural> -- list` and `add FILE` of a kind of reference data. @param about what a row says, with examples */
export function referenceCommand<Row>(table: ReferenceTable<Row>, about: string): Command<Action> {
  const { plural } = table
  const choices = `npm run ${plural} -- list, or npm run ${plural} -- add FILE`
  return {
    usage: `Usage: npm run ${plural} -- list [--json]
       npm run ${plural} -- add FILE [--json]

${about}
All of a file is taken, or nothing; a file that was taken once changes nothing when it is given again.
`,
    hint: `"npm run ${plural} -- --help" lists the options.`,
    parse(args) {
      const { words, json } = parseOptions(args, { json: flag() }, { takesWords: true })
      const [action, file, ...others] = words
      if (action === 'list' && file === undefined) return { file: null, json }
      if (action === 'add' && file !== undefined && others.length === 0) return { file, json }
      throw new UsageError(`Say what to do: ${choices}`)
    },
    run: ({ file, json }) =>
      withDatabase(readEnvironment(), ({ url }) =>
        withConnection(url, { applicationName: `tillstream ${plural}` }, async sql => {
          if (file === null) {
            const rows = await table.list(sql)
            process.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : render(rows, plural))
            return
          }
          const full = path.resolve(readEnvironment().callerDirectory, file)
          const text = await readTableText(full)
          const changes = await addReference(sql, table, { text, file: full, now: Date.now() })
          if (json) process.stdout.write(`${JSON.stringify(changes, null, 2)}\n`)
          else {
            for (const { key, change, note } of changes)
              process.stdout.write(`${key}: ${change}${note === undefined ? '' : `; ${note}`}\n`)
          }
        }),
      ),
  }
}

function render(rows: readonly Readonly<Record<string, unknown>>[], plural: string): string {
  const [first] = rows
  if (!first) return `No ${plural} yet: npm run ${plural} -- add FILE\n`
  const titles = Object.keys(first)
  const lines = rows.map(row => titles.map(title => cell(row[title])))
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...lines.map(line => line[column]?.length ?? 0)),
  )
  return [titles, ...lines]
    .map(
      line =>
        `${line
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.join(' ') : String(value)
}
