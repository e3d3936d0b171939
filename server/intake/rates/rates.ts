import type { Sql } from '#db/client.ts'
import type { Reading } from '#db/transaction.ts'
import { type ExchangeRate, RateRefusedError } from './rate-file.ts'

export type RateChange = ExchangeRate & { change: 'added' | 'changed' | 'unchanged' }

/** Every rate, by currency, the oldest first. */
export async function listRates(sql: Reading): Promise<ExchangeRate[]> {
  return sql<ExchangeRate[]>`
    select currency, reporting_currency as "reportingCurrency", valid_from as "validFrom",
      trim_scale(rate)::text as rate
    from ref.exchange_rates order by currency, reporting_currency, valid_from`
}

/**
 * Adds rates, or puts those right that exist, all or none. Days that were converted by others run again at the next
 * tick, by themselves: the rate they used stands in their rows.
 */
export async function addRates(sql: Sql, rates: readonly ExchangeRate[]): Promise<RateChange[]> {
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
export async function readReportingCurrency(sql: Reading): Promise<string> {
  const [row] = await sql<{ currency: string }[]>`select currency from ref.reporting_currency`
  if (!row) throw new Error('ref.settings names no reporting_currency: run the migrations again')
  return row.currency
}

/** Every store-day is converted into it at the next tick. @throws RateRefusedError */
export async function setReportingCurrency(sql: Sql, currency: string): Promise<void> {
  if (!/^[A-Z]{3}$/.test(currency)) {
    throw new RateRefusedError(
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
