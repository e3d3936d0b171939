import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Sql } from '#db/client.ts'
import { ENGINES } from '#domain/engine.ts'
import { SECOND_MS } from '#domain/instant.ts'
import type { Freshness } from '#server/serving/freshness/freshness.ts'
import { readFreshness } from '#server/serving/freshness/freshness.ts'
import { readBackpressure } from '#server/serving/pipeline/backpressure.ts'
import { readCosts } from '#server/serving/pipeline/costs.ts'
import type { Gateway } from './live/gateway.ts'

/** What requests are counted by. */
export type Route = 'page' | 'api' | 'events' | 'operations'

export interface WebMetrics {
  /** Text of GET /metrics, its content type beside it. Answers without the database's figures while that is away. */
  text(): Promise<string>
  readonly contentType: string
  countRequest(route: Route, status: number, seconds: number): void
}

/** What the web process says about itself and about both paths. */
export function createWebMetrics(sql: Sql, gateway: Pick<Gateway, 'stats'>): WebMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'tillstream_web_request_seconds',
    help: 'Time from the request line to the end of the answer',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers: [registry],
  })
  addLiveMetrics(registry, gateway)
  const paths = addPathMetrics(registry)
  const costs = addCostMetrics(registry)
  return {
    contentType: registry.contentType,
    async text() {
      await Promise.all([paths.refresh(sql), costs.refresh(sql)])
      return registry.metrics()
    },
    countRequest: (route, status, seconds) => requests.observe({ route, status: String(status) }, seconds),
  }
}

function addLiveMetrics(registry: Registry, gateway: Pick<Gateway, 'stats'>): void {
  const registers = [registry]
  new Gauge({
    name: 'tillstream_live_clients',
    help: 'Connections of the live socket',
    registers,
    collect() {
      this.set(gateway.stats().clients)
    },
  })
  for (const [name, help, figure] of [
    ['updates', 'Updates sent to clients of the live socket', 'updates'],
    ['snapshots', 'Snapshots sent to clients of the live socket', 'snapshots'],
    ['slow_disconnects', 'Clients disconnected because they took nothing for too long', 'slowDisconnects'],
  ] as const) {
    new Counter({
      name: `tillstream_live_${name}_total`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(gateway.stats()[figure])
      },
    })
  }
}

function addPathMetrics(registry: Registry): { refresh(sql: Sql): Promise<void> } {
  const registers = [registry]
  const gauge = (name: string, help: string) => new Gauge({ name: `tillstream_${name}`, help, registers })
  const byPartition = (name: string, help: string) =>
    new Gauge({ name: `tillstream_${name}`, help, labelNames: ['partition'], registers })
  const up = gauge('database_up', '1 while the database answers')
  const streamLagEvents = byPartition('stream_lag_events', 'Events the stream path has not read yet')
  const streamLagSeconds = byPartition(
    'stream_lag_seconds',
    'Age of the oldest event the stream path has not read',
  )
  const watermarkAge = byPartition('stream_watermark_age_seconds', 'How far the watermark lies back')
  const activeEngine = new Gauge({
    name: 'tillstream_active_engine',
    help: '1 for what follows the log with the active generation; the stream service stands by while it is not tillstream',
    labelNames: ['engine'],
    registers,
  })
  const otherLagEvents = new Gauge({
    name: 'tillstream_generation_lag_events',
    help: 'Events that a generation beside the active one has not read yet',
    labelNames: ['generation', 'engine', 'partition'],
    registers,
  })
  const batchLagEvents = byPartition('batch_lag_events', 'Events appended since the newest batch run')
  const archiveLag = byPartition(
    'archive_lag_events',
    'Where the log is Kafka: entries that are not archived yet',
  )
  const batchAge = gauge('batch_age_seconds', 'Time since the newest batch run committed')
  const dirtyDays = gauge('batch_dirty_store_days', 'Store-days with events their last run has not read')
  const deadLetters = gauge('dead_letters_open', 'Dead letters that nobody has settled')

  function clear(): void {
    for (const figure of [
      streamLagEvents,
      streamLagSeconds,
      watermarkAge,
      batchLagEvents,
      activeEngine,
      otherLagEvents,
      archiveLag,
    ])
      figure.reset()
    for (const figure of [batchAge, dirtyDays, deadLetters]) figure.remove()
  }

  function show(freshness: Freshness, open: number): void {
    const { now, stream, batch, others } = freshness
    for (const engine of ENGINES) activeEngine.set({ engine }, engine === stream.engine ? 1 : 0)
    for (const { generation, engine, partitions } of others)
      for (const { partition, lagEvents } of partitions)
        otherLagEvents.set(
          { generation: String(generation), engine, partition: String(partition) },
          lagEvents,
        )
    for (const { partition, lagEvents, lagMs, watermark } of stream.partitions) {
      const label = { partition: String(partition) }
      streamLagEvents.set(label, lagEvents)
      streamLagSeconds.set(label, lagMs / SECOND_MS)
      if (watermark !== null) watermarkAge.set(label, (now - watermark) / SECOND_MS)
    }
    for (const { partition, lagEvents } of batch.partitions) {
      batchLagEvents.set({ partition: String(partition) }, lagEvents)
    }
    for (const { partition, lagEvents } of freshness.archive?.partitions ?? []) {
      archiveLag.set({ partition: String(partition) }, lagEvents)
    }
    if (batch.computedAt !== null) batchAge.set((now - batch.computedAt) / SECOND_MS)
    dirtyDays.set(batch.dirtyStoreDays)
    deadLetters.set(open)
  }

  return {
    async refresh(sql) {
      // A figure that cannot be read is left out: an old one would look like a fresh one.
      clear()
      try {
        const [freshness, [letters]] = await Promise.all([
          readFreshness(sql),
          sql<{ open: number }[]>`select count(*) as open from intake.dead_letters where state = 'open'`,
        ])
        show(freshness, letters?.open ?? 0)
        up.set(1)
      } catch {
        clear()
        up.set(0)
      }
    },
  }
}

/** The quantiles of `Latency`. */
const QUANTILES = { p50: '0.5', p95: '0.95', p99: '0.99' } as const

/** What an order cost within the last hour, and how long it took, as all processes have written down. */
function addCostMetrics(registry: Registry): { refresh(sql: Sql): Promise<void> } {
  const registers = [registry]
  const perOrder = (name: string, help: string) =>
    new Gauge({
      name: `tillstream_cost_${name}_per_order`,
      help: `${help}, per sales document of the last hour`,
      labelNames: ['path', 'operator'],
      registers,
    })
  const cpu = perOrder('cpu_seconds', 'Time of the processor that an operator took, Postgres not counted')
  const database = perOrder('database_seconds', 'Time that an operator waited for the database')
  const rows = perOrder('rows', 'Rows that an operator wrote')
  const latency = new Gauge({
    name: 'tillstream_latency_seconds',
    help: 'How long it took, or how old figures were, in the last hour',
    labelNames: ['path', 'measure', 'quantile'],
    registers,
  })
  const byStage = (name: string, help: string) =>
    new Gauge({ name: `tillstream_stage_${name}`, help, labelNames: ['stage'], registers })
  const waiting = byStage('waiting', 'What waits at a bounded stage, all processes together')
  const bound = byStage('bound', 'The bound of what may wait at a stage, of one process')
  const met = byStage('bound_met', 'How often the bound was met since the processes began')
  const figures = [cpu, database, rows, latency, waiting, bound, met]

  return {
    async refresh(sql) {
      const costs = await readCosts({ sql }, { hours: 1 }).catch(() => null)
      const pressure = await readBackpressure({ sql }).catch(() => null)
      for (const figure of figures) figure.reset()
      for (const stage of pressure?.stages ?? []) {
        if (stage.waiting !== null) waiting.set({ stage: stage.stage }, stage.waiting)
        if (stage.bound !== null) bound.set({ stage: stage.stage }, stage.bound)
        if (stage.met !== null) met.set({ stage: stage.stage }, stage.met)
      }
      for (const { path, whole, operators } of costs?.paths ?? []) {
        for (const { operator, ...cost } of [{ operator: 'process', ...whole }, ...operators]) {
          const labels = { path, operator }
          if (cost.cpuMicrosPerOrder !== null) cpu.set(labels, cost.cpuMicrosPerOrder / 1e6)
          if (cost.databaseMicrosPerOrder !== null) database.set(labels, cost.databaseMicrosPerOrder / 1e6)
          if (cost.rowsPerThousandOrders !== null) rows.set(labels, cost.rowsPerThousandOrders / 1_000)
        }
      }
      for (const told of costs?.latencies ?? []) {
        const labels = { path: told.path, measure: told.measure.replaceAll(' ', '_') }
        for (const [name, quantile] of Object.entries(QUANTILES)) {
          const ms = told[name as keyof typeof QUANTILES]
          if (ms !== null) latency.set({ ...labels, quantile }, ms / SECOND_MS)
        }
      }
    },
  }
}
