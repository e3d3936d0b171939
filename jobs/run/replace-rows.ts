import type { StagedRows } from '#jobs/reports/report.ts'

/** New rows beyond which looking each of them up among the old ones by an index costs more than one pass. */
const MANY_COMPARED = 20_000

/**
 * Replaces the rows of the set's periods by those of `staged`. Only rows that differ are written: the result
 * is the same as deleting all and inserting all, but a report that runs every few minutes leaves nothing
 * behind for vacuum where nothing changed, and a day of 16,000 rows takes 40 ms instead of 130.
 * @returns how many rows were written
 */
export async function replaceRows({ sql, report, slots }: StagedRows): Promise<number> {
  const { name, periodColumn: period, key, values } = report
  const keys = ['store', period, ...key]
  const columns: string[] = [...keys, ...values]
  const columnsOf = (table: string, names: readonly string[]) =>
    names.map(column => sql`${sql(`${table}.${column}`)}`).reduce((left, right) => sql`${left}, ${right}`)
  const sameKey = keys
    .map(column => sql`${sql(`new.${column}`)} = ${sql(`old.${column}`)}`)
    .reduce((left, right) => sql`${left} and ${right}`)
  const count = async () => {
    const [counted = { old: 0, new: 0 }] = await sql<{ old: number; new: number }[]>`
      select count(*) as old, (select count(*) from staged) as new
      from ${sql(`batch.${name}`)} old join ${slots()} on slot.store = old.store and slot.period = ${sql(`old.${period}`)}`
    return counted
  }
  const before = await count()
  // A backfill has no old rows, and nothing need be compared with them.
  const hasOld = before.old > 0
  if (hasOld) {
    await sql`
      delete from ${sql(`batch.${name}`)} old
      using ${slots()}
      where old.store = slot.store and ${sql(`old.${period}`)} = slot.period
        and not exists (
          select from staged new
          where ${sameKey} and (${columnsOf('new', values)}) is not distinct from (${columnsOf('old', values)}))`
    // What is left of the old rows is in `staged` too: as many rows on both sides are the same rows.
    const { old } = await count()
    if (old === before.new) return 0
  }
  // A small table that another lane fills meanwhile is no place to look at once for every row.
  const comparesMany = hasOld && before.new >= MANY_COMPARED
  if (comparesMany) await sql`select set_config('enable_nestloop', 'off', true)`
  const isNew = hasOld
    ? sql`where not exists (select from ${sql(`batch.${name}`)} old where ${sameKey})`
    : sql``
  const { count: written } = await sql`
    insert into ${sql(`batch.${name}`)} (${sql(columns)}, run_id)
    select ${columnsOf('new', columns)}, new.run_id
    from (
      -- By itself first: planned together with the rest, a report whose statistics say that it has (nearly) all
      -- of these rows made this a walk over all slots for every row, 31 s for 240,000.
      select staged.*, slot.run_id
      from staged
      join ${slots()} on slot.store = staged.store and slot.period = ${sql(`staged.${period}`)}
      offset 0
    ) new
    ${isNew}`
  if (comparesMany) await sql`select set_config('enable_nestloop', 'on', true)`
  return written
}
