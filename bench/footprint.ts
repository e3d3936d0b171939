import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { openLivePage, type RunningDemo, startDemo } from './system/demo.ts'
import { type Footprint, footprintOf, processorShares, totalPss } from './system/resources.ts'

const benchmark = 'footprint'
/** Until the first batch run is over and what is called often is compiled. */
const SETTLE_MS = MINUTE_MS
const LOOK_EVERY_MS = 5 * SECOND_MS
const TARGET = { memoryMb: 1_000, cores: 0.2, coresWithLive: 0.4 }
const BYTES_PER_MB = 1_000_000

/** What the whole demo takes at its default pace: memory and processor, with no page open and with Live open. */
export async function footprint(options: BenchOptions): Promise<Figure[]> {
  if (!existsSync('/proc/self/smaps_rollup')) {
    process.stderr.write(
      'The footprint is read from /proc/<pid>/smaps_rollup, which only Linux has: nothing measured.\n',
    )
    return []
  }
  const demo = await startDemo()
  try {
    await sleep(SETTLE_MS)
    const alone = await watch(demo, options.minutes)
    const viewer = await openLivePage(demo.url)
    try {
      await sleep(LOOK_EVERY_MS)
      const viewed = await watch(demo, options.minutes)
      return [
        ...figuresOf('no page open', alone, TARGET.cores),
        ...figuresOf(`Live open in ${viewer.name}`, viewed, TARGET.coresWithLive),
      ]
    } finally {
      await viewer.close()
    }
  } finally {
    await demo.stop()
  }
}

/** @returns the first and the last look, and the one at which most memory was in use */
async function watch(demo: RunningDemo, minutes: number) {
  const roots = await demo.roots()
  const first = footprintOf(roots)
  let [last, largest] = [first, first]
  for (const end = first.at + minutes * MINUTE_MS; last.at < end; ) {
    await sleep(Math.min(LOOK_EVERY_MS, Math.max(0, end - performance.now())))
    last = footprintOf(roots)
    if (totalPss(last) > totalPss(largest)) largest = last
  }
  return { first, last, largest }
}

function figuresOf(
  when: string,
  { first, last, largest }: Record<'first' | 'last' | 'largest', Footprint>,
  cores: number,
): Figure[] {
  const shares = [...processorShares(first, last)]
  const together = shares.reduce((sum, [, share]) => sum + share, 0)
  return [
    {
      benchmark,
      name: `${when}: memory, largest`,
      value: totalPss(largest) / BYTES_PER_MB,
      unit: 'MB',
      target: { atMost: TARGET.memoryMb },
    },
    ...[...largest.parts].map(
      ([name, { processes, pssBytes }]): Figure => ({
        benchmark,
        name: `  ${name} (${processes})`,
        value: pssBytes / BYTES_PER_MB,
        unit: 'MB',
      }),
    ),
    { benchmark, name: `${when}: processor`, value: together, unit: 'cores', target: { atMost: cores } },
    ...shares.map(([name, share]): Figure => ({ benchmark, name: `  ${name}`, value: share, unit: 'cores' })),
  ]
}
