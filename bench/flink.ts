import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { streams } from './peers/streams.ts'

/** The stream by Flink beside ours: what `peers` measures of them, without Flink SQL. */
export function flink(options: BenchOptions): Promise<Figure[]> {
  return streams(options, { benchmark: 'flink', withSql: false })
}
