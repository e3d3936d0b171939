import path from 'node:path'
import type { Sql } from '#db/client.ts'
import { withConnection, withDatabase } from '#db/open.ts'
import type { Reading } from '#db/transaction.ts'
import { flag, parseOptions, runCommand, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { ReferenceRefusedError, readTableText } from '#server/intake/reference/table-file.ts'
import { type ExchangeRate, parseRateFile } from './rate-file.ts'

const USAGE = `Usage: npm run rates -- list [--json]
       npm run rates -- add FILE [--json]
       npm run rates -- currency [CODE]

Lists the exchange rates, adds those of a CSV or JSON file, or says (with CODE: sets) the reporting currency.

  currency,reportingCurrency,validFrom,rate
  USD,EUR,2026-01-01,0.8571

  [{ "currency": "USD", "reportingCurrency": "EUR", "validFrom": "2026-01-01", "rate": "0.8571" }]

  currency           what the stores take
  reportingCurrency  what it is told in (default: the reporting currency of now)
  validFrom          the first business day it holds for; it holds until the next rate of the same currencies
  rate               what one unit of currency is worth in reportingCurrency, with at most 10 decimals

All of a file is taken, or nothing. Each store-day is converted by the rate of its day. A rate that is added or put
right makes the days it holds for run again at the next tick; what they had published is told as restated.
`

type Action =
  | { kind: 'list'; json: boolean }
  | { kind: 'add'; file: string; json: boolean }
  | { kind: 'currency'; code: string | null }

await runCommand<Action>({
  usage: USAGE,
  hint: '"npm run rates -- --help" lists the options.',
  parse(args) {
    const { words, json } = parseOptions(args, { json: flag() }, { takesWords: true })
    const [action, word, ...others] = words
    if (action === 'list' && word === undefined) return { kind: 'list', json }
    if (action === 'add' && word !== undefined && others.length === 0)
      return { kind: 'add', file: word, json }
    if (action === 'currency' && others.length === 0) return { kind: 'currency', code: word ?? null }
    throw new UsageError(
      'Say what to do: npm run rates -- list, npm run rates -- add FILE, or npm run rates -- currency',
    )
  },
  run: action =>
    withDatabase(readEnvironment(), ({ url }) =>
      withConnection(url, { applicationName: 'tillstream rates' }, sql => execute(sql, action)),
    ),
})

async function execute(sql: Sql, action: Action): Promise<void> {
  switch (action.kind) {
    case 'list':
      return list(sql, action.json)
    case 'add':
      return add(sql, action)
    case 'currency': {
      if (action.code !== null) await setReportingCurrency(sql, action.code)
      process.stdout.write(`${await readReportingCurrency(sql)}\n`)
    }
  }
}

async function list(sql: Sql, json: boolean): Promise<void> {
  const rates = await listRates(sql)
  if (json) process.stdout.write(`${JSON.stringify(rates, null, 2)}\n`)
  else if (rates.length === 0) process.stdout.write('No exchange rates yet: npm run rates -- add FILE\n')
  for (const { currency, reportingCurrency, validFrom, rate } of json ? [] : rates) {
    process.stdout.write(`${currency} → ${reportingCurrency}  from ${validFrom}  ${rate}\n`)
  }
}

async function add(sql: Sql, { file: given, json }: { file: string; json: boolean }): Promise<void> {
  const file = path.resolve(readEnvironment().callerDirectory, given)
  const rates = parseRateFile(await readTableText(file), {
    file,
    reportingCurrency: await readReportingCurrency(sql),
  })
  const changes = await addRates(sql, rates)
  if (json) process.stdout.write(`${JSON.stringify(changes, null, 2)}\n`)
  else
    for (const { currency, reportingCurrency, validFrom, rate, change } of changes) {
      process.stdout.write(`${currency} → ${reportingCurrency} from ${validFrom}: ${rate}, ${change}\n`)
    }
}

type RateChange = ExchangeRate & { change: 'added' | 'changed' | 'unchanged' }

/** Every rate, by currency, the oldest first. */
async function listRates(sql: Reading): Promise<ExchangeRate[]> {
  return sql<ExchangeRate[]>`
    select currency, reporting_currency as "reportingCurrency", valid_from as "validFrom",
      trim_scale(rate)::text as rate
    from ref.exchange_rates order by currency, reporting_currency, valid_from`
}

/**
 * Adds rates, or puts those right that exist, all or none. Days that were converted by others run again at the next
 * tick, by themselves: the rate they used stands in their rows.
 */
async function addRates(sql: Sql, rates: readonly ExchangeRate[]): Promise<RateChange[]> {
  return sql.begin(async transaction => {
    const changes: RateChange[] = []
    // Sorted, so that two commands at once wait for each other in one direction.
    for (const given of rates.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))) {
      const { currency, reportingCurrency, validFrom, rate } = given
      const [row] = await transaction<{ rate: string; added: boolean }[]>`
        insert into ref.exchange_rates as known (currency, reporting_currency, valid_from, rate)
        values (${currency}, ${reportingCurrency}, ${validFrom}, ${rate})
        on conflict (currency, reporting_currency, valid_from) do update
        set rate = excluded.rate, said_at = clock_timestamp() where known.rate <> excluded.rate
        returning trim_scale(rate)::text as rate, xmax = 0 as added`
      changes.push({ ...given, change: row ? (row.added ? 'added' : 'changed') : 'unchanged' })
    }
    return changes
  })
}

/** The currency that all others are told in. */
async function readReportingCurrency(sql: Reading): Promise<string> {
  const [row] = await sql<{ currency: string }[]>`select currency from ref.reporting_currency`
  if (!row) throw new Error('ref.settings names no reporting_currency: run the migrations again')
  return row.currency
}

/** Every store-day is converted into it at the next tick. @throws ReferenceRefusedError */
async function setReportingCurrency(sql: Sql, currency: string): Promise<void> {
  if (!/^[A-Z]{3}$/.test(currency)) {
    throw new ReferenceRefusedError(
      `${JSON.stringify(currency)} is no currency: name its three-letter code, such as EUR.`,
    )
  }
  await sql`
    insert into ref.settings (name, value) values ('reporting_currency', to_jsonb(${currency}::text))
    on conflict (name) do update set value = excluded.value`
}

function keyOf({ currency, reportingCurrency, validFrom }: ExchangeRate): string {
  return `${currency} ${reportingCurrency} ${validFrom}`
}
