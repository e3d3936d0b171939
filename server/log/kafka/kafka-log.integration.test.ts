import { connect, type Sql } from '#db/client.ts'
import { createTestDatabase } from '#db/testing/database.ts'
import { assertOwner, takePartition } from '#server/log/fence.ts'
import { describeOrderLog, revisionOf } from '#server/log/testing/conformance.ts'
import { createTestKafkaLog } from '#server/log/testing/kafka-log.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'

const broker = await sharedBroker()

if (broker !== null) {
  describeOrderLog('the Kafka log', async () => {
    const database = await createTestDatabase()
    const owners: Sql[] = []
    const log = await createTestKafkaLog(database.sql, broker)
    return {
      log,
      revision: await revisionOf(database.sql),
      async take(consumer, partition, owner) {
        const connection = connect(database.url, { max: 1 })
        owners.push(connection)
        return takePartition(connection, { consumer, partition, owner })
      },
      async writeUnder(ownership) {
        await database.sql.begin(transaction => assertOwner(transaction, ownership))
      },
      async close() {
        await log.close()
        await Promise.all(owners.map(owner => owner.end({ timeout: 1 })))
        await database.drop()
      },
    }
  })
}
