import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { Alert } from '#domain/operators/alert.ts'
import {
  hasExpired,
  type KeptState,
  type KeyedStates,
  keysOf,
  type Operators,
  stateKey,
} from '#domain/operators/fold.ts'
import type { OperatorReference } from '#domain/operators/reference.ts'
import { textArray } from '#platform/pg-array.ts'
import type { LogRecord } from '#server/log/order-log.ts'
import type { GenerationPartition } from './generations.ts'

/** States a partition keeps in memory: some 60 MB. */
const MOST_STATES = 100_000

/**
 * What a partition's operators keep, as its tables have it: all of it while that fits into memory, so that a key that is
 * not here is new and nothing need be asked. Past `most` the oldest are let go, and from then on each batch asks for
 * what it may need.
 */
export class OperatorStates implements KeyedStates {
  readonly #operators = new Map<string, Map<string, KeptState>>()
  readonly #most: number
  readonly #timed: ReadonlySet<string>
  #size = 0
  #isComplete = true

  constructor(operators: Operators, most = MOST_STATES) {
    this.#timed = new Set(timedOf(operators))
    this.#most = most
  }

  get(operator: string, key: string): KeptState | undefined {
    return this.#operators.get(operator)?.get(key)
  }

  entries(operator: string): Iterable<[string, KeptState]> {
    return this.#operators.get(operator) ?? []
  }

  /** Reads what the tables hold, what is judged by the clock before all. */
  async load(sql: Reading, at: GenerationPartition): Promise<void> {
    const rows = await sql.unsafe<StateRow[]>(
      `select ${STATE_COLUMNS} from stream.operator_states_g${at.generation} s
       where partition = $1 order by operator = any ($2::text::text[]) desc, expires_at desc limit $3`,
      [at.partition, textArray(this.#timed, name => name), this.#most],
    )
    // Oldest first, as they would have been touched.
    for (const row of rows.toReversed()) this.#set(row.operator, stateKey(row.store, row.key), toState(row))
    this.#isComplete = rows.length < this.#most
  }

  /** Reads what a batch may touch and is not here. Nothing to do while all is here. */
  async require(
    sql: Reading,
    at: GenerationPartition,
    {
      operators,
      records,
      reference,
    }: { operators: Operators; records: readonly LogRecord[]; reference: OperatorReference },
  ): Promise<void> {
    if (this.#isComplete) return
    const missing = new Map<string, { operator: string; store: string; key: string }>()
    for (const record of records) {
      if (record.type === 'tick') continue
      const { store } = record
      for (const { operator, key } of keysOf(operators, record, reference)) {
        if (this.get(operator, stateKey(store, key))) continue
        missing.set(`${operator}\u001f${store}\u001f${key}`, { operator, store, key })
      }
    }
    if (missing.size === 0) return
    const keys = [...missing.values()]
    // Lateral with a limit: one look into the index for each key, whatever the planner thinks.
    const rows = await sql.unsafe<StateRow[]>(
      `select ${STATE_COLUMNS}
       from unnest($2::text::text[], $3::text::text[], $4::text::text[]) as wanted(operator, store, key)
       cross join lateral (
         select * from stream.operator_states_g${at.generation} kept
         where kept.generation = ${at.generation} and kept.partition = $1 and kept.operator = wanted.operator
           and kept.store = wanted.store and kept.key = wanted.key limit 1
       ) s`,
      [
        at.partition,
        textArray(keys, ({ operator }) => operator),
        textArray(keys, ({ store }) => store),
        textArray(keys, ({ key }) => key),
      ],
      { prepare: true },
    )
    for (const row of rows) this.#set(row.operator, stateKey(row.store, row.key), toState(row))
  }

  /** What a batch that was written has made of them. */
  take(touched: ReadonlyMap<string, ReadonlyMap<string, KeptState>>, watermark: Instant | null): void {
    for (const [operator, states] of touched) for (const [key, kept] of states) this.#set(operator, key, kept)
    if (this.#size > this.#most) this.#letGo(watermark)
  }

  clear(): void {
    this.#operators.clear()
    this.#size = 0
    this.#isComplete = true
  }

  #set(operator: string, key: string, kept: KeptState): void {
    const own = this.#operators.get(operator) ?? new Map<string, KeptState>()
    this.#operators.set(operator, own)
    if (!own.has(key)) this.#size += 1
    // Set anew, so that a map's order is that of the last touch.
    own.delete(key)
    own.set(key, kept)
  }

  /** First what means nothing any more, then half of what was touched longest ago. */
  #letGo(watermark: Instant | null): void {
    for (const own of this.#operators.values())
      for (const [key, kept] of own) if (hasExpired(kept, watermark)) this.#delete(own, key)
    if (this.#size <= this.#most / 2) return
    this.#isComplete = false
    for (const [operator, own] of this.#operators) {
      if (this.#timed.has(operator)) continue
      let excess = own.size - this.#most / 2
      for (const key of own.keys()) {
        if (excess <= 0) break
        excess -= 1
        this.#delete(own, key)
      }
    }
  }

  #delete(own: Map<string, KeptState>, key: string): void {
    own.delete(key)
    this.#size -= 1
  }
}

/** Of operators that are judged by the clock: they are asked for all their keys, which are stores, tills and the like. */
function timedOf({ rules }: Operators): string[] {
  return rules.filter(rule => rule.judgeAt !== undefined).map(({ name }) => name)
}

const STATE_COLUMNS = `s.operator, s.store, s.key, s.state, s.expires_at as "expiresAt", s.since_offset as since, s.alert,
  s.is_held as "isHeld"`

interface StateRow extends KeptState {
  operator: string
  store: string
  key: string
}

function toState({ state, expiresAt, since, alert, isHeld }: StateRow): KeptState {
  return { state, expiresAt, since, alert: alert as Alert | null, isHeld }
}
