import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { reports } from './peers/reports.ts'

/** What we do beside what others do with the same orders, on the same machine, in the same run. */
export async function peers(options: BenchOptions): Promise<Figure[]> {
  return reports(options)
}
