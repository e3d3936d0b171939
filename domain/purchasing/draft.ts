import { type Amount, moneyText } from '#domain/money.ts'

export interface DraftLine {
  store: string
  sku: string
  units: number
  /** Of one; null: not known. */
  unitCost: Amount | null
  /** The supplier sells whole packs of it. */
  packSize: number
}

export interface Draft {
  currency: string
  lines: readonly DraftLine[]
  /** 0 without express. */
  expressFee: Amount
  /** What it may cost at most; null: nobody said. */
  budget: Amount | null
  /** The supplier takes no order of less; null: any. */
  minimumValue: Amount | null
}

/** Why a draft cannot be placed as it is. */
export interface DraftProblem {
  kind: 'empty' | 'pack' | 'minimum' | 'budget'
  /** Of one line. */
  line: Pick<DraftLine, 'store' | 'sku'> | null
  /** A sentence that says what would do. */
  detail: string
}

/** What the goods of a draft cost in 1/10,000, as far as costs are known; express comes on top. */
export function goodsValue(lines: readonly Pick<DraftLine, 'units' | 'unitCost'>[]): bigint {
  return lines.reduce((sum, { units, unitCost }) => sum + BigInt(unitCost ?? 0) * BigInt(units), 0n)
}

/** Everything that stands against placing a draft; empty when it can be placed. */
export function draftProblems({ currency, lines, expressFee, budget, minimumValue }: Draft): DraftProblem[] {
  if (lines.length === 0) return [{ kind: 'empty', line: null, detail: 'It has no lines.' }]
  const problems: DraftProblem[] = lines
    .filter(({ units, packSize }) => units % packSize !== 0)
    .map(({ store, sku, units, packSize }) => {
      const less = Math.floor(units / packSize) * packSize
      const ways = less > 0 ? `${less} or ${less + packSize}` : String(packSize)
      return {
        kind: 'pack',
        line: { store, sku },
        detail: `${units} of ${sku} for ${store} are no whole packs of ${packSize}: order ${ways}.`,
      }
    })
  const value = goodsValue(lines)
  if (minimumValue !== null && value < minimumValue) {
    const detail = `The supplier takes orders from ${moneyText(minimumValue, currency)}; this one comes to ${moneyText(Number(value), currency)}.`
    problems.push({ kind: 'minimum', line: null, detail })
  }
  const total = value + BigInt(expressFee)
  if (budget !== null && total > budget) {
    const detail = `It comes to ${moneyText(Number(total), currency)}, its budget is ${moneyText(budget, currency)}.`
    problems.push({ kind: 'budget', line: null, detail })
  }
  return problems
}
