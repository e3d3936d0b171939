import type { Reading } from '#db/transaction.ts'
import { MAX_FOUND } from '#server/serving/reconcile/found-row.ts'

export interface Comparison {
  /** Columns that name a row in both `stored` and `expected`. */
  key: readonly string[]
  counts: readonly string[]
  /** In 1/10,000; told as decimals. */
  money: readonly string[]
  /** The stored rows decide which there are: what `expected` has no row of is expected to be 0. */
  absentIsZero?: boolean
}

/**
 * Compares the common table expressions `stored` and `expected` of a statement row by row: one answer per
 * column that differs, or one for the whole row where only one side has it. All names are constants of this
 * folder, so they go into the statement as text.
 */
export function compareRows(reading: Reading, { key, counts, money, absentIsZero = false }: Comparison) {
  const first = key[0]
  const expected = (name: string) => (absentIsZero ? `coalesce(e.${name}, 0)` : `e.${name}`)
  const hasBoth = absentIsZero ? 'true' : `s.${first} is not null and e.${first} is not null`
  const wholeRow = `('row', case when s.${first} is not null then 1 end::numeric, case when e.${first} is not null then 1 end::numeric)`
  const values = [
    ...(absentIsZero ? [] : [wholeRow]),
    ...counts.map(name => `('${name}', s.${name}::numeric, ${expected(name)}::numeric)`),
    ...money.map(name => `('${name}', s.${name} * 0.0001, ${expected(name)} * 0.0001)`),
  ]
  const differing = [...counts, ...money].map(name => `s.${name} is distinct from ${expected(name)}`)
  return reading.unsafe(`
    select jsonb_build_object(${key.map(name => `'${name}', coalesce(s.${name}, e.${name})`).join(', ')}) as "rowKey",
      m.metric, m.stored, m.expected
    from stored s ${absentIsZero ? 'left' : 'full'} join expected e on ${key.map(name => `s.${name} = e.${name}`).join(' and ')}
    cross join lateral (values ${values.join(', ')}) m(metric, stored, expected)
    -- Nearly all rows agree: they are not taken apart.
    where (${[`not (${hasBoth})`, ...differing].join(' or ')})
      and case when ${hasBoth} then m.stored is distinct from m.expected else m.metric = 'row' end
    order by ${key.map(name => `coalesce(s.${name}, e.${name})`).join(', ')}, m.metric
    limit ${MAX_FOUND}`)
}
