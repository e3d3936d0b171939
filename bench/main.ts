import { runCommand } from '#platform/command.ts'
import { alerts } from './alerts.ts'
import { audit } from './audit.ts'
import { batch } from './batch.ts'
import { type Figure, jsonLine, report, table } from './figures.ts'
import { flink } from './flink.ts'
import { footprint } from './footprint.ts'
import { forecast } from './forecast.ts'
import { ingest } from './ingest.ts'
import { kafka } from './kafka.ts'
import { kills } from './kills.ts'
import { latency } from './latency.ts'
import { logs } from './logs.ts'
import { BENCH_USAGE, type BenchmarkName, type BenchOptions, parseBenchOptions } from './options.ts'
import { peers } from './peers.ts'
import { replay } from './replay.ts'
import { replenishment } from './replenishment.ts'
import { seed } from './seed.ts'
import { state } from './state.ts'

const benchmarks: Record<BenchmarkName, (options: BenchOptions) => Promise<Figure[]>> = {
  ingest,
  logs,
  latency,
  replay,
  batch,
  peers,
  audit,
  footprint,
  kills,
  alerts,
  forecast,
  replenishment,
  seed,
  state,
  kafka,
  flink,
}

await runCommand({
  usage: BENCH_USAGE,
  hint: '"npm run bench -- --help" lists the benchmarks and options.',
  parse: parseBenchOptions,
  run: async options => {
    for (const name of options.names) {
      process.stderr.write(`${name} …\n`)
      const figures = (await benchmarks[name](options)).map(report)
      if (options.json) for (const figure of figures) process.stdout.write(`${jsonLine(figure)}\n`)
      else process.stdout.write(`\n${table(name, figures)}\n`)
    }
  },
})
