import type { Instant } from '#domain/instant.ts'
import { hasExpired, type KeptState, type KeyedStates, type OperatorFold } from './fold.ts'

/** What operators keep, in memory alone: for a run over the log that writes nothing. */
export class MemoryStates implements KeyedStates {
  readonly #operators = new Map<string, Map<string, KeptState>>()

  get(operator: string, key: string): KeptState | undefined {
    return this.#operators.get(operator)?.get(key)
  }

  entries(operator: string): Iterable<[string, KeptState]> {
    return this.#operators.get(operator) ?? []
  }

  /** What a batch has made of them; what means nothing any more is let go. @param watermark after the batch */
  take(touched: OperatorFold['touched'], watermark: Instant | null): void {
    for (const [operator, states] of touched) {
      const own = this.#operators.get(operator) ?? new Map<string, KeptState>()
      this.#operators.set(operator, own)
      for (const [key, kept] of states) own.set(key, kept)
    }
    for (const own of this.#operators.values())
      for (const [key, kept] of own) if (hasExpired(kept, watermark)) own.delete(key)
  }
}
