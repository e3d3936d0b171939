import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Sql } from '#db/client.ts'
import { withConnection, withDatabase } from '#db/open.ts'
import { flag, messageOf, parseOptions, runCommand, UsageError } from '#platform/command.ts'
import { readEnvironment } from '#platform/environment.ts'
import { parseRateFile, RateRefusedError } from './rate-file.ts'
import { addRates, listRates, readReportingCurrency, setReportingCurrency } from './rates.ts'

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

/** Larger than fifty years of days of a dozen currencies. */
const MAX_FILE_BYTES = 10_000_000

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
  const rates = parseRateFile(await readText(file), {
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

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, of at most ${MAX_FILE_BYTES}`)
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (cause) {
    throw new RateRefusedError(`${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}
