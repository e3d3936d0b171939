import type { Sql } from '#db/client.ts'
import type { SideBySide, SideBySideScope } from '#server/serving/shapes.ts'

export async function readSideBySide(_sql: Sql, _scope: SideBySideScope): Promise<SideBySide> {
  throw new Error('under way')
}
