import type { Store } from '#domain/enrich.ts'
import { partitionOf } from '#domain/partition.ts'
import { createRandom, createWeightedPick, type Random } from '#seed/world/random.ts'

export const PARTITIONS = 4
const STORES_PER_PARTITION = 5
const SKUS = 500

/** What all benchmarks sell: 20 stores over four partitions, 500 products whose popularity is Zipf's. */
export interface BenchWorld {
  stores: readonly Store[]
  skus: readonly string[]
  /** Prices of the products in 1/10,000. */
  prices: readonly number[]
  pickSku(random: Random): number
}

export function createBenchWorld(): BenchWorld {
  const random = createRandom(1, 'bench prices')
  return {
    stores: storesOf(),
    skus: Array.from({ length: SKUS }, (_, index) => `SKU${String(index + 1).padStart(5, '0')}`),
    prices: Array.from({ length: SKUS }, () => random.integer(5, 5_000) * 100),
    pickSku: createWeightedPick(Array.from({ length: SKUS }, (_, index) => 1 / (index + 1))),
  }
}

/** As many stores in each partition, so that what is measured is the log and not a lucky hash. */
function storesOf(): Store[] {
  const counts = new Array<number>(PARTITIONS).fill(0)
  const stores: Store[] = []
  for (let number = 1; stores.length < PARTITIONS * STORES_PER_PARTITION; number += 1) {
    const id = `store-${String(number).padStart(3, '0')}`
    const partition = partitionOf(id, PARTITIONS)
    if ((counts[partition] ?? 0) >= STORES_PER_PARTITION) continue
    counts[partition] = (counts[partition] ?? 0) + 1
    stores.push({
      id,
      name: `Store ${number}`,
      partition,
      zone: 'Europe/Berlin',
      cutOverHour: 4,
      currency: 'EUR',
      taxInclusive: true,
      channel: 'pos',
      input: 'live',
    })
  }
  return stores
}
