import type { Sql } from '#db/client.ts'
import type { Reading, Transaction } from '#db/transaction.ts'
import { type Placed, parseTableFile, refuseFaults, type TableShape } from './table-file.ts'

/** A kind of reference data that people list and give by a file. */
export interface ReferenceTable<Row> extends TableShape<Row> {
  /** What rows have that do not say so. */
  defaults?(sql: Reading, now: number): Promise<Readonly<Record<string, unknown>>>
  /** What stands already, in the columns' order of importance. */
  list(sql: Reading): Promise<Readonly<Record<string, unknown>>[]>
  /** Rows as they are to hold, where that depends on what stands: of those that said nothing, and took a default. */
  settle?(
    transaction: Transaction,
    rows: readonly Row[],
    defaults: Readonly<Record<string, unknown>>,
  ): Promise<Row[]>
  /** What is to be known of rows that are taken all the same: a sentence for a row, null where there is nothing. */
  notesOf?(transaction: Transaction, rows: readonly Row[]): Promise<(string | null)[]>
  /** What of rows that are whole in themselves does not fit what stands: a sentence for a row, null where it fits. */
  faultsOf(transaction: Transaction, rows: readonly Row[]): Promise<(string | null)[]>
  /** Writes rows in one statement. @returns those that changed something, by `keyOf` */
  write(transaction: Transaction, rows: readonly Row[]): Promise<ReadonlyMap<string, 'added' | 'changed'>>
}

export interface ReferenceChange {
  /** As `keyOf` says it. */
  key: string
  change: 'added' | 'changed' | 'unchanged'
  /** What is to be known of it. */
  note?: string
}

/**
 * Takes a file of reference data, all of it or nothing. Doing it twice changes nothing.
 * @param now for rows that do not say from when on they hold
 * @throws ReferenceRefusedError naming every fault with its place
 */
export async function addReference<Row>(
  sql: Sql,
  table: ReferenceTable<Row>,
  { text, file, now }: { text: string; file: string; now: number },
): Promise<ReferenceChange[]> {
  const defaults = (await table.defaults?.(sql, now)) ?? {}
  const placed = parseTableFile(text, table, { file, defaults })
  const given = placed.map(({ row }) => row)
  return sql.begin(async transaction => {
    refuseFaults(file, faultsWithPlaces(placed, await table.faultsOf(transaction, given)))
    const settled = (await table.settle?.(transaction, given, defaults)) ?? given
    // Sorted, so that two commands at once wait for each other in one direction.
    const rows = settled.toSorted((one, other) => (table.keyOf(one) < table.keyOf(other) ? -1 : 1))
    const notes = (await table.notesOf?.(transaction, rows)) ?? []
    const changes = await table.write(transaction, rows)
    return rows.map((row, index) => {
      const key = table.keyOf(row)
      const note = notes[index]
      return { key, change: changes.get(key) ?? 'unchanged', ...(note ? { note } : {}) }
    })
  })
}

function faultsWithPlaces<Row>(placed: readonly Placed<Row>[], faults: readonly (string | null)[]): string[] {
  return placed.flatMap(({ place }, index) => {
    const fault = faults[index]
    return fault === null || fault === undefined ? [] : [`${place}: ${fault}`]
  })
}

/** Of codes, those that the database does not know. */
export async function unknownAmong(
  transaction: Transaction,
  table: 'products' | 'stores' | 'suppliers',
  codes: readonly string[],
): Promise<ReadonlySet<string>> {
  const wanted = [...new Set(codes)]
  const known = {
    products: () =>
      transaction<{ code: string }[]>`select sku as code from ref.products where sku = any(${wanted})`,
    stores: () =>
      transaction<{ code: string }[]>`select store as code from ref.stores where store = any(${wanted})`,
    suppliers: () =>
      transaction<
        { code: string }[]
      >`select supplier as code from ref.suppliers where supplier = any(${wanted})`,
  }
  const rows = await known[table]()
  const there = new Set(rows.map(({ code }) => code))
  return new Set(wanted.filter(code => !there.has(code)))
}

/** What a statement that returns each row it wrote has changed, by key. */
export function changesOf(
  written: readonly { key: string; added: boolean }[],
): ReadonlyMap<string, 'added' | 'changed'> {
  return new Map(written.map(({ key, added }) => [key, added ? 'added' : 'changed']))
}
