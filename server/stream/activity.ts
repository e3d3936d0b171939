import type { Instant } from '#domain/instant.ts'
import type { PartitionConsumer, Step } from './consumer.ts'

/** What the process did since the last report. */
export interface ActivityReport {
  events: number
  lateEvents: number
  perSecond: number
  /** Greatest age, in ms, of a batch's newest event when its results were committed. */
  lagMs: number
  /** Offset per partition. */
  offsets: Record<string, number>
}

/** Counts what the partitions of a process do, from report to report. */
export class Activity {
  #since: Instant
  #events = 0
  #lateEvents = 0
  #lagMs = 0
  readonly #offsets: Record<string, number> = {}

  constructor(now: Instant) {
    this.#since = now
  }

  add(step: Step, consumer: Pick<PartitionConsumer, 'partition' | 'position'>, now: Instant): void {
    this.#events += step.events
    this.#lateEvents += step.lateEvents
    if (step.records === 0 || consumer.position === null) return
    this.#offsets[consumer.partition] = consumer.position.offset
    this.#lagMs = Math.max(this.#lagMs, now - consumer.position.appendedAt)
  }

  /** The report since the last one, or null when there was nothing to do. */
  takeReport(now: Instant): ActivityReport | null {
    const seconds = Math.max(0.001, (now - this.#since) / 1_000)
    const report = {
      events: this.#events,
      lateEvents: this.#lateEvents,
      perSecond: Math.round(this.#events / seconds),
      lagMs: this.#lagMs,
      offsets: { ...this.#offsets },
    }
    this.#since = now
    this.#events = 0
    this.#lateEvents = 0
    this.#lagMs = 0
    return report.events > 0 ? report : null
  }
}
