import { withConnection, withDatabase } from '#db/open.ts'
import { parseOptions, runCommand, text, UsageError } from '#platform/command.ts'
import { readEnvironment, readKafkaBrokers } from '#platform/environment.ts'
import { adoptKafka } from './kafka/adopt.ts'
import { adoptedTopic, openOrderLog } from './open-log.ts'

const USAGE = `Usage: npm run log -- adopt-kafka [--topic NAME] | status

The order log: where it is, and how it moves.

  adopt-kafka     makes a topic of Kafka (KAFKA_URL) the order log: copies what is there, offset for offset, and has
                  everything appended there from then on. Processes that run must be started again. There is no
                  way back to a log in Postgres.
  --topic NAME    its name (tillstream.orders)
  status          where the log is and how far it goes
  --help          this text
`

const ORDERS_TOPIC = 'tillstream.orders'
const ACTIONS = ['adopt-kafka', 'status'] as const

await runCommand({
  usage: USAGE,
  hint: '"npm run log -- --help" lists the actions.',
  parse(args) {
    const { topic, words } = parseOptions(args, { topic: text() }, { takesWords: true })
    const action = ACTIONS.find(one => one === words[0])
    if (action === undefined || words.length > 1)
      throw new UsageError(`Say what to do: ${ACTIONS.join(' or ')}.`)
    if (topic !== undefined && !/^[\w.-]{1,249}$/.test(topic))
      throw new UsageError(
        `--topic is "${topic}", but must be letters, digits, dots, dashes and underscores.`,
      )
    return { action, topic: topic ?? ORDERS_TOPIC }
  },
  run: ({ action, topic }) =>
    withDatabase(readEnvironment(), ({ url }) => (action === 'status' ? tellStatus(url) : adopt(url, topic))),
})

async function adopt(url: string, topic: string): Promise<number> {
  const brokers = readKafkaBrokers()
  if (brokers === undefined) throw new UsageError('Set KAFKA_URL to the brokers, as host:port.')
  const { entries, isNew } = await withConnection(url, {}, sql => adoptKafka(sql, { brokers, topic }))
  process.stdout.write(
    isNew
      ? `log: the topic ${topic} is the order log from now on; ${entries} entries copied\n`
      : `log: the topic ${topic} is the order log already\n`,
  )
  return 0
}

async function tellStatus(url: string): Promise<number> {
  return withConnection(url, {}, async sql => {
    const adopted = await adoptedTopic(sql)
    const log = await openOrderLog(sql)
    try {
      const where = adopted === null ? 'in Postgres' : `the topic ${adopted.topic} of Kafka`
      process.stdout.write(`log: ${where}\n`)
      for (const [partition, { offset, appendedAt }] of (await log.end()).entries()) {
        const when = offset === 0 ? 'empty' : `${offset}, appended ${new Date(appendedAt).toISOString()}`
        process.stdout.write(`  partition ${partition}: ${when}\n`)
      }
    } finally {
      await log.close()
    }
    return 0
  })
}
