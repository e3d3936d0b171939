import { acquireEmbeddedPostgres } from '#db/embedded/acquire.ts'
import { migrate } from '#db/migrate.ts'
import { makeTestDirectory, removeTestDirectory } from '#db/testing/server.ts'

export interface BenchPostgres {
  url: string
  /** Folder of this server, for processes that ask for one. */
  dataDir: string
  drop(): Promise<void>
}

/** A new server of the benchmark's own, migrated, with every commit durable. */
export async function startBenchPostgres(): Promise<BenchPostgres> {
  const dataDir = await makeTestDirectory()
  const server = await acquireEmbeddedPostgres(dataDir)
  await migrate(server.url)
  return {
    url: server.url,
    dataDir,
    async drop() {
      await server.release()
      await removeTestDirectory(dataDir)
    },
  }
}
