/**
 * The partition of a store: FNV-1a over its id. All events of a store share one, so that their order is
 * the log's order. Changing the count would move stores: it is fixed when the log is created.
 */
export function partitionOf(store: string, partitionCount: number): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < store.length; index += 1) {
    hash = Math.imul(hash ^ store.charCodeAt(index), 0x01000193)
  }
  return (hash >>> 0) % partitionCount
}

/**
 * Partitions in at most so many shares of about the same size; none of them is empty.
 * @param sizes by partition, in any unit
 */
export function sharePartitions(sizes: ReadonlyMap<number, number>, count: number): number[][] {
  const shares = Array.from({ length: count }, () => ({ size: 0, partitions: [] as number[] }))
  for (const [partition, size] of [...sizes].sort((left, right) => right[1] - left[1])) {
    const least = shares.reduce((smallest, share) => (share.size < smallest.size ? share : smallest))
    least.size += size
    least.partitions.push(partition)
  }
  return shares.flatMap(({ partitions }) => (partitions.length > 0 ? [partitions] : []))
}
