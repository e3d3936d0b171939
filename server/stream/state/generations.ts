import type { Sql } from '#db/client.ts'

/** The generation that readers see and the service writes. */
export async function activeGeneration(sql: Pick<Sql, 'unsafe'>): Promise<number> {
  const [row] = await sql.unsafe<{ generation: number }[]>('select generation from stream.active_generation')
  if (!row) throw new Error('stream.active_generation is empty: the migrations have not run')
  return row.generation
}

/** Who holds a partition for a consumer. */
export interface Owner {
  name: string
  epoch: number
  /** Its backend is still connected. */
  isConnected: boolean
}

/** The owner of a partition, or null where nobody ever took it. */
export async function ownerOf(
  sql: Pick<Sql, 'unsafe'>,
  { consumer, partition }: { consumer: string; partition: number },
): Promise<Owner | null> {
  const [row] = await sql.unsafe<Owner[]>(
    `select o.owner as name, o.epoch, exists (
       select from pg_stat_activity a where a.pid = o.backend_pid and a.backend_start = o.backend_start
     ) as "isConnected"
     from log.owners o where o.consumer = $1 and o.partition = $2`,
    [consumer, partition],
  )
  return row ?? null
}
