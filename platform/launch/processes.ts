/** The processes of an installation, each with its program. None keeps state outside Postgres. */
export const processEntries = {
  web: 'server/web/main.ts',
  intake: 'server/intake/main.ts',
  stream: 'server/stream/main.ts',
  jobs: 'jobs/schedule/main.ts',
  // only where the log is Kafka
  archiver: 'server/log/archiver/main.ts',
  // only where Flink follows the log, too
  flink: 'scale/flink/main.ts',
  simulate: 'seed/simulators/main.ts',
} as const

export type ProcessName = keyof typeof processEntries

export const processNames = Object.keys(processEntries).filter(isProcessName)

export function isProcessName(name: string): name is ProcessName {
  return Object.hasOwn(processEntries, name)
}

/** Of a system whose log is in Postgres, or in Kafka, with Flink beside our stream or without: everything but the simulators. */
export function servingProcesses({
  isLogInKafka,
  hasFlink,
}: {
  isLogInKafka: boolean
  hasFlink: boolean
}): ProcessName[] {
  const leftOut = new Set<ProcessName>(['simulate'])
  if (!isLogInKafka) leftOut.add('archiver')
  if (!isLogInKafka || !hasFlink) leftOut.add('flink')
  return processNames.filter(name => !leftOut.has(name))
}

/**
 * How V8 keeps the heaps of those small that work in bursts: their young generations would grow to hold the garbage
 * of a burst, and stay so. The intake and the stream have none of it: there it would cost throughput (decision 009).
 */
const heapFlags: Readonly<Partial<Record<ProcessName, readonly string[]>>> = {
  web: ['--max-semi-space-size=4'],
  jobs: ['--optimize-for-size'],
  archiver: ['--max-semi-space-size=4'],
  flink: ['--max-semi-space-size=1'],
  simulate: ['--max-semi-space-size=2'],
}

/** At the demo's pace an order a second is much, and the garbage of a start would stay for minutes. */
const demoHeapFlags: typeof heapFlags = {
  ...heapFlags,
  intake: ['--max-semi-space-size=2'],
  stream: ['--max-semi-space-size=2'],
}

/** Node's flags for one process, beside those that all have. */
export function heapFlagsOf(
  name: ProcessName,
  { isDemo = false }: { isDemo?: boolean } = {},
): readonly string[] {
  return (isDemo ? demoHeapFlags : heapFlags)[name] ?? []
}
