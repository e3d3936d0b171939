import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { connect } from '#db/client.ts'
import { openDatabase } from '#db/embedded/open-database.ts'
import { migrate } from '#db/migrate.ts'
import type { Store } from '#domain/enrich.ts'
import { readEnvironment } from '#platform/environment.ts'
import { runCommand, UsageError } from '#server/intake/command.ts'
import { type StoreDefinition, storeSchema } from './store-definition.ts'
import { addStores, listStores, StoreRefusedError } from './stores.ts'

const HELP = `Usage: npm run stores -- list [--json]
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

await runCommand(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const [action, file, ...others] = positionals
  if (action === 'list' && file === undefined) return list(values.json)
  if (action === 'add' && file !== undefined && others.length === 0) return add(file, values.json)
  throw new UsageError('Say what to do: npm run stores -- list, or npm run stores -- add FILE')
})

async function list(json: boolean): Promise<number> {
  const stores = await withDatabase(listStores)
  if (json) process.stdout.write(`${JSON.stringify(stores, null, 2)}\n`)
  else
    process.stdout.write(stores.length === 0 ? 'No stores yet: npm run stores -- add FILE\n' : render(stores))
  return 0
}

async function add(file: string, json: boolean): Promise<number> {
  const definitions = await readDefinitions(path.resolve(readEnvironment().callerDirectory, file))
  const changes = await withDatabase(sql => addStores(sql, definitions))
  if (json) process.stdout.write(`${JSON.stringify(changes, null, 2)}\n`)
  else for (const { id, change } of changes) process.stdout.write(`${id}: ${change}\n`)
  return 0
}

async function withDatabase<Result>(
  work: (sql: ReturnType<typeof connect>) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(readEnvironment())
  const sql = connect(database.url, { max: 1, applicationName: 'tillstream stores' })
  try {
    await migrate(database.url)
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
    await database.release()
  }
}

async function readDefinitions(file: string): Promise<StoreDefinition[]> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new StoreRefusedError(
      `${file} cannot be read as JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
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
  const lines = stores.map(store => [
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
