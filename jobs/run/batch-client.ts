import { connect, type Sql } from '#db/client.ts'

/**
 * A client of one connection on which runs are claimed and done. A claim lives as long as this connection, so
 * Postgres must notice when its process is gone or stands still: it looks for the client every two seconds
 * also while it computes, and ends a transaction that is left open for a minute.
 */
export function connectForRuns(url: string, applicationName = 'tillstream jobs'): Sql {
  return connect(url, {
    max: 1,
    applicationName,
    session: { client_connection_check_interval: 2_000, idle_in_transaction_session_timeout: 60_000 },
  })
}
