import { connect, type Sql } from '#db/client.ts'

/**
 * Runs a few statements on a connection of their own. For what happens seldom: a connection made now knows
 * nothing of an outage a moment ago, where the driver's would still wait before it tries again.
 */
export async function withConnection<Result>(
  url: string,
  work: (sql: Sql) => Promise<Result>,
): Promise<Result> {
  const sql = connect(url, { max: 1, applicationName: 'tillstream stream' })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
