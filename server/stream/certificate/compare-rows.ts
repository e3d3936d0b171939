import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { CertifiedTable, DifferingRow } from '#domain/certificate.ts'
import { textArray } from '#platform/pg-array.ts'
import { readShapes, rowHash, rowsDiffer, rowsOf, rowValues, type TableShape } from './compared-tables.ts'

/** Differing rows that are told; all are counted. */
const MOST_EXAMPLES = 20

type Side = 'active' | 'candidate'
const SIDES: readonly Side[] = ['active', 'candidate']

/** The rows of one part of a table, as sums that no order of them changes. */
interface Part {
  rows: number
  /** 64 bits each: the hashes of its rows, xored and added up. */
  xor: bigint
  sum: bigint
}

/** What was read of one table of one generation. */
interface Look {
  parts: Map<string, Part>
  /** Every transaction before it had ended: what another one has written since has changed. */
  since: string
}

/** What holding two generations against each other has found. */
export interface RowComparison {
  tables: CertifiedTable[]
  examples: DifferingRow[]
}

/**
 * Holds all tables of two generations against each other, row by row, in two steps. `survey` reads everything while both
 * are written. `settle` is for the moment in which nobody writes them and both stand at equal offsets: it reads again only
 * the parts that a transaction has touched since (by the transaction that wrote each row, so that nobody can change one
 * unseen), or that did not agree. Without a survey it reads everything.
 */
export class GenerationComparison {
  readonly #sql: Sql
  readonly #generations: Readonly<Record<Side, number>>
  readonly #looks: Readonly<Record<Side, Map<string, Look>>> = { active: new Map(), candidate: new Map() }
  #shapes: TableShape[] | null = null

  /** @param sql of two connections: one reads each generation */
  constructor(sql: Sql, generations: Readonly<Record<Side, number>>) {
    this.#sql = sql
    this.#generations = generations
  }

  /** Reads all rows of both once, whatever is written meanwhile. */
  async survey(): Promise<void> {
    const shapes = await this.#readShapes()
    await Promise.all(
      SIDES.map(side =>
        readSnapshot(this.#sql, async reading => {
          await tune(reading)
          const since = await oldestOpen(reading)
          for (const shape of shapes) {
            const parts = await hashParts(reading, shape, { generation: this.#generations[side], only: null })
            this.#looks[side].set(shape.table, { parts, since })
          }
        }),
      ),
    )
  }

  /** Brings what the survey has read to now, and says how the generations differ. */
  async settle(): Promise<RowComparison> {
    const shapes = await this.#readShapes()
    const [active, candidate] = await Promise.all(SIDES.map(side => this.#lookAgain(side, shapes)))
    const rehashed = new Map(
      shapes.map(shape => [
        shape.table,
        this.#outdated(shape.table, active?.get(shape.table), candidate?.get(shape.table)),
      ]),
    )
    const rechecked = await Promise.all(SIDES.map(side => this.#readAgain(side, shapes, rehashed)))
    const comparison: RowComparison = { tables: [], examples: [] }
    for (const shape of shapes) {
      const parts = this.#parts(shape.table)
      const differing = keysOf(parts).filter(key => !isEqual(parts.active.get(key), parts.candidate.get(key)))
      const room = MOST_EXAMPLES - comparison.examples.length
      const { count, examples } = await this.#differences(shape, differing, room)
      comparison.examples.push(...examples)
      comparison.tables.push({
        table: shape.table,
        rows: { active: rowsIn(parts.active), candidate: rowsIn(parts.candidate) },
        checksum: { active: checksumOf(parts.active), candidate: checksumOf(parts.candidate) },
        differences: count,
        columns: shape.columns.map(({ name }) => name),
        leftOut: [...shape.allLeftOut],
        rechecked: rechecked.reduce((rows, ofSide) => Math.max(rows, ofSide.get(shape.table) ?? 0), 0),
      })
    }
    return comparison
  }

  async #readShapes(): Promise<TableShape[]> {
    this.#shapes ??= await readShapes(this.#sql)
    return this.#shapes
  }

  /** By table: the parts as they are now, with how many rows, and whether any was written since the survey. */
  async #lookAgain(side: Side, shapes: readonly TableShape[]): Promise<Map<string, Map<string, Standing>>> {
    return readSnapshot(this.#sql, async reading => {
      await tune(reading)
      const found = new Map<string, Map<string, Standing>>()
      for (const shape of shapes) {
        const since = this.#looks[side].get(shape.table)?.since ?? null
        const rows = await reading.unsafe<({ part: string } & Standing)[]>(
          `select ${shape.chunk} as part, count(*) as rows,
             ${since === null ? 'true' : 'bool_or(age(t.xmin) <= (select age($1::text::xid8::xid)))'} as "isTouched"
           ${rowsOf(shape, this.#generations[side])} group by 1`,
          since === null ? [] : [since],
        )
        found.set(shape.table, new Map(rows.map(({ part, ...standing }) => [part, standing])))
      }
      return found
    })
  }

  /** The parts of a table that are to be read again on both sides. */
  #outdated(table: string, ...now: readonly (ReadonlyMap<string, Standing> | undefined)[]): string[] {
    const before = this.#parts(table)
    const outdated = new Set<string>()
    for (const [index, side] of SIDES.entries()) {
      const standings = now[index]
      for (const [part, { rows, isTouched }] of standings ?? [])
        if (isTouched || before[side].get(part)?.rows !== rows) outdated.add(part)
      for (const part of before[side].keys()) if (!standings?.has(part)) outdated.add(part)
    }
    for (const part of keysOf(before))
      if (!isEqual(before.active.get(part), before.candidate.get(part))) outdated.add(part)
    return [...outdated]
  }

  /** @returns by table, how many rows were read again */
  async #readAgain(
    side: Side,
    shapes: readonly TableShape[],
    outdated: ReadonlyMap<string, readonly string[]>,
  ): Promise<Map<string, number>> {
    return readSnapshot(this.#sql, async reading => {
      await tune(reading)
      const read = new Map<string, number>()
      for (const shape of shapes) {
        const only = outdated.get(shape.table) ?? []
        if (only.length === 0) continue
        const parts = await hashParts(reading, shape, { generation: this.#generations[side], only })
        const look = this.#looks[side].get(shape.table) ?? { parts: new Map<string, Part>(), since: '0' }
        for (const part of only) look.parts.delete(part)
        for (const [part, sums] of parts) look.parts.set(part, sums)
        this.#looks[side].set(shape.table, look)
        read.set(shape.table, rowsIn(parts))
      }
      return read
    })
  }

  #parts(table: string): Record<Side, Map<string, Part>> {
    return {
      active: this.#looks.active.get(table)?.parts ?? new Map(),
      candidate: this.#looks.candidate.get(table)?.parts ?? new Map(),
    }
  }

  /** Row against row, of the parts whose checksums differ. */
  async #differences(
    shape: TableShape,
    parts: readonly string[],
    room: number,
  ): Promise<{ count: number; examples: DifferingRow[] }> {
    if (parts.length === 0) return { count: 0, examples: [] }
    const { key } = shape
    const side = (of: Side) =>
      `select ${rowValues(shape)} ${rowsOf(shape, this.#generations[of])} and ${among(shape)}`
    const both = `from a full join b on ${key.map(name => `a."${name}" = b."${name}"`).join(' and ')} where ${rowsDiffer(shape)}`
    const found = await readSnapshot(this.#sql, async reading => {
      await tune(reading)
      return reading.unsafe<{ count: number; active: Row | null; candidate: Row | null }[]>(
        `with a as (${side('active')}), b as (${side('candidate')})
         select count(*) over () as count, to_jsonb(a) as active, to_jsonb(b) as candidate ${both}
         order by ${key.map(name => `coalesce(a."${name}", b."${name}")`).join(', ')} limit ${Math.max(1, room)}`,
        [textArray(parts, part => part)],
      )
    })
    return {
      count: found[0]?.count ?? 0,
      examples: found.slice(0, room).map(row => describeRow(shape, row)),
    }
  }
}

type Row = Record<string, unknown>

interface Standing {
  rows: number
  isTouched: boolean
}

/** Compiling costs more than it saves, and groups by the ten thousand stay in memory. */
async function tune(reading: Reading): Promise<void> {
  await reading`select set_config('jit', 'off', true), set_config('work_mem', '64MB', true)`
}

/** The oldest transaction that had not ended in this snapshot, or the next one. */
async function oldestOpen(reading: Reading): Promise<string> {
  const [row] = await reading<{ since: string }[]>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as since`
  if (!row) throw new Error('the snapshot says nothing')
  return row.since
}

/** SQL of `t`: whether its row is of one of the parts that $1 lists. As a set that is hashed: there may be thousands. */
function among({ chunk }: TableShape): string {
  return `${chunk} in (select unnest($1::text::text[]))`
}

async function hashParts(
  reading: Reading,
  shape: TableShape,
  { generation, only }: { generation: number; only: readonly string[] | null },
): Promise<Map<string, Part>> {
  const rows = await reading.unsafe<{ part: string; rows: number; xor: string; sum: string }[]>(
    `select part, count(*) as rows, bit_xor(hash)::text as xor, sum(hash)::text as sum
     from (select ${shape.chunk} as part, ${rowHash(shape)} as hash ${rowsOf(shape, generation)}
       ${only === null ? '' : `and ${among(shape)}`}) hashed
     group by part`,
    only === null ? [] : [textArray(only, part => part)],
  )
  return new Map(
    rows.map(({ part, rows: count, xor, sum }) => [
      part,
      { rows: count, xor: BigInt(xor), sum: BigInt(sum) },
    ]),
  )
}

function keysOf({ active, candidate }: Record<Side, ReadonlyMap<string, Part>>): string[] {
  return [...new Set([...active.keys(), ...candidate.keys()])]
}

function isEqual(one: Part | undefined, other: Part | undefined): boolean {
  return one?.rows === other?.rows && one?.xor === other?.xor && one?.sum === other?.sum
}

function rowsIn(parts: ReadonlyMap<string, Part>): number {
  return [...parts.values()].reduce((total, { rows }) => total + rows, 0)
}

/** 128 bits of all rows: their hashes xored, and added up. */
function checksumOf(parts: ReadonlyMap<string, Part>): string {
  const values = [...parts.values()]
  const xor = values.reduce((total, part) => total ^ part.xor, 0n)
  const sum = values.reduce((total, part) => total + part.sum, 0n)
  return [xor, sum].map(value => BigInt.asUintN(64, value).toString(16).padStart(16, '0')).join('')
}

function describeRow(
  { table, key, columns, why }: TableShape,
  { active, candidate }: { active: Row | null; candidate: Row | null },
): DifferingRow {
  const either = active ?? candidate ?? {}
  const text = (row: Row | null, column: string) => {
    const value = row?.[column]
    if (value === null || value === undefined) return null
    return typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
  const differing = columns
    .map(({ name }) => ({ column: name, active: text(active, name), candidate: text(candidate, name) }))
    .filter(column => column.active !== column.candidate)
  const missing =
    active === null
      ? 'Only the candidate has this row. '
      : candidate === null
        ? 'Only the active one has this row. '
        : ''
  return {
    table,
    key: Object.fromEntries(key.map(name => [name, text(either, name) ?? ''])),
    columns: missing === '' ? differing : [],
    why: `${missing}${why}`,
  }
}
