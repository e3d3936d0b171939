import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import { withConnection, withDatabase } from '#db/open.ts'
import { FIRST_BUSINESS_DAY } from '#domain/calendar.ts'
import { type Store, type StoreVersion, storeAt } from '#domain/store.ts'
import { flag, messageOf, parseOptions, runCommand, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { type StoreDefinition, storeSchema } from './store-definition.ts'
import { addStores, listStores, type StoreOutcome, StoreRefusedError } from './stores.ts'

const USAGE = `Usage: npm run stores -- list [--json]
       npm run stores -- add FILE [--restate] [--json]

Lists the stores with what they were from when on, or adds those of a JSON file: one store or an array of them. A store
that exists is changed; what is left out stays as it is.

  { "id": "berlin-mitte", "name": "Berlin Mitte", "zone": "Europe/Berlin", "cutOverHour": 4, "currency": "EUR",
    "taxInclusive": true, "channel": "pos", "input": "live", "validFrom": "2026-12-01",
    "openingDays": ["mon", "tue", "wed", "thu", "fri", "sat"], "openingTimes": "09:00-20:00", "opened": "2019-03-01",
    "location": { "latitude": 52.5219, "longitude": 13.4132 } }

  zone          IANA time zone; with cutOverHour it decides to which business day a sale belongs
  cutOverHour   0 to 23: sales before this hour belong to the day before (default 0)
  taxInclusive  whether unit prices include tax (default true)
  channel       pos or online (default pos)
  input         live: sends events as it sells; journal: writes one file at close (default live)
  validFrom     the business day from which on all this holds; without it, it corrects the newest of what is listed
  openingDays   weekdays on which it trades (null: not known; then days are expected by habit)
  openingTimes  one span for all opening days, or {"mon": "09:00-20:00", …}
  opened        its first business day
  closed        its last business day: none is expected after it
  location      where it stands, in degrees, north and east positive (null: not known; then nothing is said of cards
                that are used in it and far away)

  --restate     let a change alter what reports say of days past (amounts paid, the store's currency); they are
                computed again, and the change is told with the restatements

The log is never changed: what would move events in it to another business day, or contradict their tenders, is refused.
`

await runCommand({
  usage: USAGE,
  hint: '"npm run stores -- --help" lists the options.',
  parse(args) {
    const { words, json, restate } = parseOptions(
      args,
      { json: flag(), restate: flag() },
      { takesWords: true },
    )
    const [action, file, ...others] = words
    if (action === 'list' && file === undefined && !restate) return { file: null, json, restate }
    if (action === 'add' && file !== undefined && others.length === 0) return { file, json, restate }
    throw new UsageError('Say what to do: npm run stores -- list, or npm run stores -- add FILE')
  },
  run: ({ file, json, restate }) => (file === null ? list(json) : add(file, { json, restate })),
})

async function list(json: boolean): Promise<void> {
  const stores = await withStores(listStores)
  if (json) {
    // What it is today, with what it was and will be beside.
    const told = stores.map(({ versions, ...store }) => ({
      ...store,
      ...storeAt({ versions }, Date.now()),
      versions,
    }))
    process.stdout.write(`${JSON.stringify(told, null, 2)}\n`)
  } else
    process.stdout.write(stores.length === 0 ? 'No stores yet: npm run stores -- add FILE\n' : render(stores))
}

async function add(file: string, { json, restate }: { json: boolean; restate: boolean }): Promise<void> {
  const definitions = await readDefinitions(path.resolve(readEnvironment().callerDirectory, file))
  const outcomes = await withStores(sql => addStores(sql, definitions, { restate }))
  if (json) process.stdout.write(`${JSON.stringify(outcomes, null, 2)}\n`)
  else for (const outcome of outcomes) process.stdout.write(`${tell(outcome)}\n`)
}

function tell({ id, change, validFrom, restates }: StoreOutcome): string {
  const since = validFrom === undefined || validFrom === FIRST_BUSINESS_DAY ? '' : ` from ${validFrom} on`
  return `${id}: ${change}${since}${restates === undefined ? '' : `; restates ${restates}`}`
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

/** A line for every version. */
function render(stores: readonly Store[]): string {
  const titles = [
    ...['id', 'name', 'valid from', 'zone', 'cut-over', 'currency', 'tax-inclusive', 'channel', 'input'],
    ...['opening days', 'opening times', 'opened', 'closed', 'location'],
  ]
  const lines = stores.flatMap(({ id, name, versions }) =>
    versions.map(version => [
      id,
      name,
      version.validFrom === FIRST_BUSINESS_DAY ? '-' : version.validFrom,
      version.zone,
      `${String(version.cutOverHour).padStart(2, '0')}:00`,
      version.currency,
      version.taxInclusive ? 'yes' : 'no',
      version.channel,
      version.input,
      version.openingDays?.join(' ') ?? '-',
      timesOf(version),
      version.opened ?? '-',
      version.closed ?? '-',
      version.location ? `${version.location.latitude}, ${version.location.longitude}` : '-',
    ]),
  )
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

function timesOf({ openingTimes }: StoreVersion): string {
  if (openingTimes === null) return '-'
  const spans = Object.entries(openingTimes)
  const [first] = spans
  if (first && spans.every(([, open]) => open === first[1])) return first[1]
  return spans.map(([day, open]) => `${day} ${open}`).join(', ')
}
