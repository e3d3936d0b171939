import type { Reading } from '#server/serving/reading.ts'
import { MAX_FOUND } from '#server/serving/reconcile/found-row.ts'

export interface Comparison {
  /** Columns that name a row in both `stored` and `expected`. */
  key: readonly string[]
  counts: readonly string[]
  /** In 1/10,000; told as decimals. */
  money: readonly string[]
}

/**
 * Compares the common table expressions `stored` and `expected` of a statement row by row: one answer per
 * column that differs, or one for the whole row where only one side has it. All names are constants of this
 * folder, so they go into the statement as text.
 */
export function compareRows(reading: Reading, { key, counts, money }: Comparison) {
  const first = key[0]
  const values = [
    `('row', case when s.${first} is not null then 1 end::numeric, case when e.${first} is not null then 1 end::numeric)`,
    ...counts.map(name => `('${name}', s.${name}::numeric, e.${name}::numeric)`),
    ...money.map(name => `('${name}', s.${name} * 0.0001, e.${name} * 0.0001)`),
  ]
  return reading.unsafe(`
    select jsonb_build_object(${key.map(name => `'${name}', coalesce(s.${name}, e.${name})`).join(', ')}) as "rowKey",
      m.metric, m.stored, m.expected
    from stored s full join expected e on ${key.map(name => `s.${name} = e.${name}`).join(' and ')}
    cross join lateral (values ${values.join(', ')}) m(metric, stored, expected)
    where case
      when s.${first} is null or e.${first} is null then m.metric = 'row'
      else m.stored is distinct from m.expected end
    order by ${key.map(name => `coalesce(s.${name}, e.${name})`).join(', ')}, m.metric
    limit ${MAX_FOUND}`)
}
