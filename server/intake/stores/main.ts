import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import { withConnection, withDatabase } from '#db/open.ts'
import { newestOf, type Store } from '#domain/store.ts'
import { flag, messageOf, parseOptions, runCommand, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { type StoreDefinition, storeSchema } from './store-definition.ts'
import { addStores, listStores, StoreRefusedError } from './stores.ts'

const USAGE = `Usage: npm run stores -- list [--json]
       npm run stores -- add FILE [--json]

Lists the stores, or adds those of a JSON file: one store or an array of them. A store that exists is changed.

  { "id": "berlin-mitte", "name": "Berlin Mitte", "zone": "Europe/Berlin", "cutOverHour": 4, "currency": "EUR",
    "taxInclusive": true, "channel": "pos", "input": "live" }

  zone         IANA time zone; with cutOverHour it decides to which business day a sale belongs
  cutOverHour  0 to 23: sales before this hour belong to the day before (default 0)
  taxInclusive whether unit prices include tax (default true)
  channel      pos or online (default pos)
  input        live: sends events as it sells; journal: writes one file at close (default live)

Zone, cut-over and currency of a store with events cannot change: figures already reported would change with them.
`

await runCommand({
  usage: USAGE,
  hint: '"npm run stores -- --help" lists the options.',
  parse(args) {
    const { words, json } = parseOptions(args, { json: flag() }, { takesWords: true })
    const [action, file, ...others] = words
    if (action === 'list' && file === undefined) return { file: null, json }
    if (action === 'add' && file !== undefined && others.length === 0) return { file, json }
    throw new UsageError('Say what to do: npm run stores -- list, or npm run stores -- add FILE')
  },
  run: ({ file, json }) => (file === null ? list(json) : add(file, json)),
})

async function list(json: boolean): Promise<void> {
  const stores = await withStores(listStores)
  if (json) {
    const current = stores.map(({ versions, ...store }) => ({
      ...store,
      ...newestOf({ versions }),
      versions,
    }))
    process.stdout.write(`${JSON.stringify(current, null, 2)}\n`)
  } else
    process.stdout.write(stores.length === 0 ? 'No stores yet: npm run stores -- add FILE\n' : render(stores))
}

async function add(file: string, json: boolean): Promise<void> {
  const definitions = await readDefinitions(path.resolve(readEnvironment().callerDirectory, file))
  const changes = await withStores(sql => addStores(sql, definitions))
  if (json) process.stdout.write(`${JSON.stringify(changes, null, 2)}\n`)
  else for (const { id, change } of changes) process.stdout.write(`${id}: ${change}\n`)
}

function withStores<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
  return withDatabase(readEnvironment(), ({ url }) =>
    withConnection(url, { applicationName: 'tillstream stores' }, work),
  )
}

async function readDefinitions(file: string): Promise<StoreDefinition[]> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new StoreRefusedError(`${file} cannot be read as JSON: ${messageOf(cause)}`, { cause })
  }
  const parsed = z
    .array(storeSchema)
    .min(1)
    .safeParse(Array.isArray(value) ? value : [value])
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(
    issue => `  ${issue.path.length === 0 ? '' : `${issue.path.join('.')}: `}${issue.message}`,
  )
  throw new StoreRefusedError(`${file} holds no stores (--help shows one):\n${faults.join('\n')}`)
}

function render(stores: readonly Store[]): string {
  const titles = ['id', 'name', 'zone', 'cut-over', 'currency', 'tax-inclusive', 'channel', 'input']
  const lines = stores
    .map(store => ({ ...store, ...newestOf(store) }))
    .map(store => [
      store.id,
      store.name,
      store.zone,
      `${String(store.cutOverHour).padStart(2, '0')}:00`,
      store.currency,
      store.taxInclusive ? 'yes' : 'no',
      store.channel,
      store.input,
    ])
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...lines.map(line => line[column]?.length ?? 0)),
  )
  return [titles, ...lines]
    .map(line =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map(line => `${line}\n`)
    .join('')
}
