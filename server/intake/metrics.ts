import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { CostMeter } from '#platform/cost-meter.ts'
import type { Weight } from './append/commit-queue.ts'

/** What the intake counts, for GET /metrics. */
export interface IntakeMetrics {
  readonly registry: Registry
  countEvents(answer: { accepted: number; duplicates: number; rejected: readonly { reason: string }[] }): void
  countRequest(status: number, seconds: number): void
  /** Of events that were all answered for after their commit. */
  countAnswer(ms: number): void
  countAppend(events: number, seconds: number): void
  countFile(state: 'loaded' | 'failed'): void
  countTick(): void
}

export function createIntakeMetrics(pending: () => Readonly<Weight>, meter: CostMeter): IntakeMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const events = new Counter({
    name: 'tillstream_intake_events_total',
    help: 'Events by what became of them',
    labelNames: ['outcome'],
    registers,
  })
  const rejections = new Counter({
    name: 'tillstream_intake_rejections_total',
    help: 'Rejected events by reason',
    labelNames: ['reason'],
    registers,
  })
  const requests = new Histogram({
    name: 'tillstream_intake_request_seconds',
    help: 'Time from the request line to the answer, by status',
    labelNames: ['status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 20],
    registers,
  })
  const appendSeconds = new Histogram({
    name: 'tillstream_intake_append_seconds',
    help: 'Time of one commit to the log',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  })
  const appendEvents = new Histogram({
    name: 'tillstream_intake_append_events',
    help: 'Events of one commit to the log',
    buckets: [1, 5, 20, 100, 500, 1000, 2000],
    registers,
  })
  const files = new Counter({
    name: 'tillstream_intake_files_total',
    help: 'Files taken from the drop folder',
    labelNames: ['state'],
    registers,
  })
  const ticks = new Counter({
    name: 'tillstream_intake_ticks_total',
    help: 'Ticks appended to quiet partitions',
    registers,
  })
  new Gauge({
    name: 'tillstream_intake_pending_events',
    help: 'Events that wait for their commit',
    registers,
    collect() {
      this.set(pending().events)
    },
  })
  new Gauge({
    name: 'tillstream_intake_pending_bytes',
    help: 'Bytes of requests that are read or wait for their commit',
    registers,
    collect() {
      this.set(pending().bytes)
    },
  })

  return {
    registry,
    countEvents({ accepted, duplicates, rejected }) {
      if (accepted > 0) events.inc({ outcome: 'accepted' }, accepted)
      if (duplicates > 0) events.inc({ outcome: 'duplicate' }, duplicates)
      if (rejected.length > 0) events.inc({ outcome: 'rejected' }, rejected.length)
      for (const { reason } of rejected) rejections.inc({ reason })
    },
    countAnswer: ms => meter.observe('answered', ms),
    countRequest: (status, seconds) => requests.observe({ status: String(status) }, seconds),
    countAppend(count, seconds) {
      appendSeconds.observe(seconds)
      appendEvents.observe(count)
    },
    countFile: state => files.inc({ state }),
    countTick: () => ticks.inc(),
  }
}
