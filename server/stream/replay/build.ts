import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import type { PartitionProgress } from '#domain/replay.ts'
import type { Ownership } from '#server/log/fence.ts'
import { advanceTo } from '#server/stream/catch-up.ts'
import { PartitionConsumer } from '#server/stream/consumer.ts'
import { REPLAY_OWNER } from '#server/stream/follow-partition.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'

/** Once the rebuilt generation is this many events behind, the rest is done while the service is stopped. */
const CLOSE_ENOUGH = 20_000
const MOST_ROUNDS = 20

/** The consumers of the generation that is brought forward, one per partition. */
export class Build {
  events = 0
  readonly #consumers: readonly PartitionConsumer[]
  readonly #logger: Logger
  readonly #startedAt = performance.now()
  readonly #reached: PartitionProgress[]

  /**
   * @param given isLive: it is the active generation, of which live pages are told; name: who replays, e.g. `host:pid`
   */
  constructor(given: {
    url: string
    generation: number
    partitions: readonly number[]
    name: string
    isLive: boolean
    logger: Logger
  }) {
    const { url, generation, partitions, name, isLive, logger } = given
    const owner = ownerName(name)
    this.#consumers = partitions.map(
      partition => new PartitionConsumer({ url, generation, partition, owner, isLive }),
    )
    this.#logger = logger
    this.#reached = partitions.map(partition => ({ partition, offset: 0, target: 0 }))
  }

  /** Takes every partition from whoever works on it. @returns where they stand */
  async take(): Promise<number[]> {
    const positions = await Promise.all(this.#consumers.map(consumer => consumer.open()))
    return positions.map(({ offset }) => offset)
  }

  /** Brings every partition to its offset. @returns the ownerships under which that was written */
  async advance(offsets: readonly number[]): Promise<Ownership[]> {
    return Promise.all(
      this.#consumers.map(async (consumer, index) => {
        const target = offsets[index] ?? 0
        const reached = this.#reached[index]
        if (reached) reached.target = Math.max(reached.target, target)
        const { events } = await advanceTo(consumer, target, this.#logger)
        this.events += events
        return consumer.ownership
      }),
    )
  }

  /** Never back: after a failure a consumer knows its place again with its next batch. */
  progress(): PartitionProgress[] {
    for (const [index, reached] of this.#reached.entries()) {
      reached.offset = Math.max(reached.offset, this.#consumers[index]?.position?.offset ?? 0)
    }
    return this.#reached.map(reached => ({ ...reached }))
  }

  elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map(consumer => consumer.close()))
  }
}

/** Follows the active generation, which moves on meanwhile, until little is left. */
export async function buildUntilClose(
  sql: Sql,
  build: Build,
  { from, partitions }: { from: number; partitions: readonly number[] },
): Promise<void> {
  let reached = 0
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const offsets = await offsetsOf(sql, from, partitions)
    const target = offsets.reduce((total, offset) => total + offset, 0)
    if (target - reached <= CLOSE_ENOUGH) return
    await build.advance(offsets)
    reached = target
  }
}

/** Owner name of a replay: whom it stops waits for the outcome. */
export function ownerName(name: string): string {
  return `${REPLAY_OWNER} ${name}`
}
