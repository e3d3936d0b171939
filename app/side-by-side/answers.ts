import { NO_FIGURE } from '#app/format/number.ts'
import { averageOrderValue, formatSignedValue, formatValue } from '#app/side-by-side/pairs.ts'
import type { MetricComparison, OtherAnswer, PairComparison, SideBySide } from '#app/trpc/router-outputs.ts'
import type { Metric } from '#app/url-state.ts'
import { ENGINE_TITLES } from '#domain/engine.ts'

/** What the stream's answer is called: by its engine where there is more than one that might give it. */
export function streamName({ streamBasis, others }: Pick<SideBySide, 'streamBasis' | 'others'>): string {
  return others.length === 0 && streamBasis.engine === 'tillstream'
    ? 'Stream'
    : ENGINE_TITLES[streamBasis.engine]
}

/** What a further answer is called: by its engine, and by its generation where another one is of the same. */
export function otherName(
  { basis: { engine, generation } }: Pick<OtherAnswer, 'basis'>,
  others: readonly Pick<OtherAnswer, 'basis'>[],
): string {
  const namesakes = others.filter(({ basis }) => basis.engine === engine)
  return namesakes.length > 1 ? `${ENGINE_TITLES[engine]} ${generation}` : ENGINE_TITLES[engine]
}

/** A further answer's figure of a metric, ready to read. */
export function otherText(answer: OtherAnswer, name: Metric | 'averageOrderValue', currency: string): string {
  const figure = (metric: MetricComparison['metric']) => answer.withBatch.find(pair => pair.metric === metric)
  if (name === 'averageOrderValue')
    return averageOrderValue(
      figure('gross')?.second,
      figure('discounts')?.second,
      figure('orders')?.second,
      currency,
    )
  const pair = figure(name)
  return pair && pair.second !== null ? formatValue(pair.second, pair.unit, currency) : NO_FIGURE
}

/** Whether any bit of any pair of a further answer is left unexplained. */
export function hasUnexplained({ withBatch, withStream }: OtherAnswer): boolean {
  return [...withBatch, ...withStream].some(({ unexplainedStoreDays }) => unexplainedStoreDays > 0)
}

/** One pair of answers and a metric, ready to read. */
export interface PairLine {
  key: string
  first: string
  second: string
  pair: PairComparison
}

/** Every pair that a further answer is part of, of one metric. */
export function pairLines(answer: SideBySide, metric: Metric): PairLine[] {
  return answer.others.flatMap(other => {
    const second = otherName(other, answer.others)
    return [
      { first: 'Batch', pairs: other.withBatch },
      { first: streamName(answer), pairs: other.withStream },
    ].flatMap(({ first, pairs }) => {
      const pair = pairs.find(each => each.metric === metric)
      return pair ? [{ key: `${first} ${other.basis.generation}`, first, second, pair }] : []
    })
  })
}

/** The effect of one cause, signed; `0` where it does not contribute. */
export function causeText(
  { causes, unit }: PairComparison,
  cause: PairComparison['causes'][number]['cause'],
  currency: string,
): string {
  const found = causes.find(each => each.cause === cause)
  return formatSignedValue(found?.value ?? '0', unit, currency)
}
