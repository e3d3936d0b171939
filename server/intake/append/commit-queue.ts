/** What waiting work weighs: the memory it holds. */
export interface Weight {
  events: number
  bytes: number
}

export interface CommitQueue<Item, Outcome> {
  /** Resolves after the commit that contains the item; rejects when that commit failed. */
  submit(item: Item): Promise<Outcome>
  /** What waits or is being committed. */
  readonly pending: Readonly<Weight>
}

export interface CommitQueueOptions<Item, Outcome> {
  /** Stores the items in one commit. @returns one outcome per item, in their order */
  commit(items: readonly Item[]): Promise<readonly Outcome[]>
  weigh(item: Item): Weight
  /** Most weight of one commit; a single item may exceed it. */
  maxBatch: Weight
}

interface Waiting<Item, Outcome> {
  item: Item
  weight: Weight
  resolve: (outcome: Outcome) => void
  reject: (error: unknown) => void
}

/**
 * One commit in flight; what arrives meanwhile forms the next. So the batch grows with the load and an idle
 * queue commits at once, without a timer: a linger would cost every quiet sale its length.
 */
export function createCommitQueue<Item, Outcome>(
  options: CommitQueueOptions<Item, Outcome>,
): CommitQueue<Item, Outcome> {
  const { commit, weigh, maxBatch } = options
  const pending: Weight = { events: 0, bytes: 0 }
  let waiting: Waiting<Item, Outcome>[] = []
  let committing = false

  function takeBatch(): Waiting<Item, Outcome>[] {
    const batch: Waiting<Item, Outcome>[] = []
    const weight: Weight = { events: 0, bytes: 0 }
    for (const entry of waiting) {
      const events = weight.events + entry.weight.events
      const bytes = weight.bytes + entry.weight.bytes
      if (batch.length > 0 && (events > maxBatch.events || bytes > maxBatch.bytes)) break
      batch.push(entry)
      weight.events = events
      weight.bytes = bytes
    }
    waiting = waiting.slice(batch.length)
    return batch
  }

  async function commitWaiting(): Promise<void> {
    committing = true
    while (waiting.length > 0) {
      const batch = takeBatch()
      try {
        const outcomes = await commit(batch.map(entry => entry.item))
        if (outcomes.length !== batch.length) {
          throw new Error(`a commit of ${batch.length} items answered ${outcomes.length} outcomes`)
        }
        batch.forEach((entry, index) => {
          entry.resolve(outcomes[index] as Outcome)
        })
      } catch (error) {
        for (const entry of batch) entry.reject(error)
      }
      for (const { weight } of batch) {
        pending.events -= weight.events
        pending.bytes -= weight.bytes
      }
    }
    committing = false
  }

  return {
    pending,
    submit(item) {
      return new Promise<Outcome>((resolve, reject) => {
        const weight = weigh(item)
        pending.events += weight.events
        pending.bytes += weight.bytes
        waiting.push({ item, weight, resolve, reject })
        if (!committing) void commitWaiting()
      })
    },
  }
}
