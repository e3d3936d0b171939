import { FAULTS, LATENESS, PATHS, PLAN_STORES, REPEATS, TYPES } from './plan.ts'

/** The axes along which a plan is drawn, with all they may be. */
const AXES = {
  type: TYPES,
  lateness: LATENESS,
  repeat: REPEATS,
  path: PATHS,
  store: PLAN_STORES,
  fault: [...FAULTS, 'nothing beside'],
} as const satisfies Record<string, readonly string[]>

export type Axis = keyof typeof AXES

/** What of the axes one event was played with. */
export type Cell = Record<Axis, string>

/** Pairs that are counted against each other: where two of them meet something may go wrong that neither shows alone. */
const PAIRS: readonly [Axis, Axis][] = [
  ['type', 'lateness'],
  ['type', 'repeat'],
  ['type', 'path'],
  ['type', 'fault'],
  ['path', 'fault'],
  ['path', 'repeat'],
  ['path', 'lateness'],
  ['store', 'lateness'],
]

/** How many events were played with which pair of values. */
export class Coverage {
  readonly #counts = new Map<string, number>()

  add(cell: Cell): void {
    for (const [one, other] of PAIRS) {
      const key = `${cell[one]}|${cell[other]}`
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    }
  }

  /** Pairs that no event was played with. */
  empty(): string[] {
    return PAIRS.flatMap(([one, other]) =>
      AXES[one].flatMap(row =>
        AXES[other]
          .filter(column => !this.#counts.has(`${row}|${column}`))
          .map(column => `${one} "${row}" with ${other} "${column}"`),
      ),
    )
  }

  /** A table for each pair of axes, for people. */
  describe(): string {
    return PAIRS.map(([one, other]) => {
      const columns: readonly string[] = AXES[other]
      const rows = AXES[one].map(row => [
        row,
        ...columns.map(column => this.#counts.get(`${row}|${column}`) ?? 0),
      ])
      const width = Math.max(...AXES[one].map(row => row.length))
      const heading = columns.map((column, index) => `${index + 1} ${column}`).join(' · ')
      const lines = rows.map(([row, ...counts]) =>
        [String(row).padEnd(width), ...counts.map(count => String(count).padStart(5))].join(' '),
      )
      return `${one} × ${other} (${heading})\n${lines.join('\n')}\n`
    }).join('\n')
  }
}
