import type { Sql } from '#db/client.ts'
import type { Freshness } from '#server/serving/shapes.ts'

export async function readFreshness(_sql: Sql): Promise<Freshness> {
  throw new Error('under way')
}
