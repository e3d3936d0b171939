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
