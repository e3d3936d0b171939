import { UsageError } from '#platform/launch/usage-error.ts'
import { batch } from './batch.ts'
import { BENCH_USAGE, type BenchmarkName, type BenchOptions, parseBenchOptions } from './bench-options.ts'
import { type Figure, jsonLine, report, table } from './figures.ts'
import { footprint } from './footprint.ts'
import { ingest } from './ingest.ts'
import { latency } from './latency.ts'
import { replay } from './replay.ts'
import { seed } from './seed.ts'

const benchmarks: Record<BenchmarkName, (options: BenchOptions) => Promise<Figure[]>> = {
  ingest,
  latency,
  replay,
  batch,
  footprint,
  seed,
}

try {
  const options = parseBenchOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(BENCH_USAGE)
  else await run(options)
  process.exit(0)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  if (error instanceof UsageError) {
    process.stderr.write('"npm run bench -- --help" lists the benchmarks and options.\n')
  }
  process.exit(error instanceof UsageError ? 2 : 1)
}

async function run(options: BenchOptions): Promise<void> {
  for (const name of options.names) {
    process.stderr.write(`${name} …\n`)
    const figures = (await benchmarks[name](options)).map(report)
    if (options.json) for (const figure of figures) process.stdout.write(`${jsonLine(figure)}\n`)
    else process.stdout.write(`\n${table(name, figures)}\n`)
  }
}
