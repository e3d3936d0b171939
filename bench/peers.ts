import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { reports } from './peers/reports.ts'
import { streams } from './peers/streams.ts'

/** What we do beside what others do with the same orders, on the same machine, in the same run: streams, then reports. */
export async function peers(options: BenchOptions): Promise<Figure[]> {
  const { half } = options
  return [
    ...(half === 'reports' ? [] : await streams(options, { benchmark: 'peers', withSql: true })),
    ...(half === 'streams' ? [] : await reports(options)),
  ]
}
