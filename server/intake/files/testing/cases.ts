import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'csv-parse/sync'
import { projectRoot } from '#platform/environment.ts'
import type { FileSummary } from '#server/intake/files/store/summary.ts'

// What tests of files as users bring them share: files that went wrong once, and a mapping as a user would write it.

const CASES = path.join(projectRoot, '../shared/cases/files')

/** The text of a case; null, said plainly, where it is not there. */
export async function caseFile(name: string): Promise<string | null> {
  try {
    return await readFile(path.join(CASES, name), 'utf8')
  } catch {
    console.log(`${name} is not there (${CASES}): the case itself is not played.`)
    return null
  }
}

export const S1 = { id: 's1', name: 'S1', zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' }

/** A mapping as docs/mappings.md says how to write one: a negative quantity is a return. */
export function mappingOf(
  fields: { columns?: object; rules?: object[] } & Record<string, unknown> = {},
): object {
  const { columns, rules = [], ...others } = fields
  return {
    name: 'tills',
    stores: [S1],
    columns: {
      store: { constant: 's1' },
      document: 'doc',
      time: 'time',
      sku: 'sku',
      units: 'qty',
      unitPrice: 'price',
      ...columns,
    },
    rules: [
      ...rules,
      { when: { units: 'negative' }, is: 'return' },
      { when: { units: 'positive' }, is: 'order' },
    ],
    ...others,
  }
}

/** A row of the file of rejects: its number, why, and what stood in it by column. */
export interface Rejected {
  row: string
  reason: string
  detail: string
  [column: string]: string
}

export async function rejectsOf({ rejects }: Pick<FileSummary, 'rejects'>): Promise<Rejected[]> {
  return rejects === null ? [] : parse(await readFile(rejects, 'utf8'), { columns: true })
}
