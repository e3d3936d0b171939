import type { Sql } from '#db/client.ts'
import type { Reading } from '#db/transaction.ts'

/** @param stop fires when another reader's part has failed: what is done from then on is thrown away */
export type SharedWork = (reading: Reading, stop: AbortSignal) => Promise<void>

/**
 * Does work that can be shared on this reader and, at the same time, on other connections of the client that
 * read the same snapshot. Who gets no connection is not waited for: a client of one connection, or one that
 * others use, does all of it here, only later.
 *
 * @param reading inside a repeatable read transaction
 * @param readers how many at most, this one included
 * @param prepare what is done first on each of the others
 */
export async function shareSnapshot(
  { sql, reading, readers }: { sql: Sql; reading: Reading; readers: number },
  { prepare, work }: { prepare: (reading: Reading) => Promise<void>; work: SharedWork },
): Promise<void> {
  const [exported] = await reading<{ snapshot: string }[]>`select pg_export_snapshot() as snapshot`
  const others: Promise<void>[] = []
  const failed = new AbortController()
  const workOn = async (reader: Reading): Promise<void> => {
    try {
      await work(reader, failed.signal)
    } catch (error) {
      failed.abort(error)
      throw error
    }
  }
  let isOver = false
  const join = async (other: Reading): Promise<void> => {
    // It came free when nothing was left to do, and the snapshot may be gone.
    if (isOver) return
    const working = (async () => {
      await other.unsafe(`set transaction snapshot '${exported?.snapshot}'`)
      await prepare(other)
      await workOn(other)
    })()
    others.push(working)
    await working
  }
  for (let count = 1; count < Math.min(readers, sql.options.max); count += 1) {
    // How the work of one that joined ended is awaited below; one that never joined took nothing on.
    sql.begin('isolation level repeatable read read only', join).catch(() => {})
  }
  try {
    await workOn(reading)
  } finally {
    isOver = true
    await Promise.allSettled(others)
  }
  await Promise.all(others)
}
