import { withConnection, withDatabase } from '#db/open.ts'
import { parseOptions, runCommand, UsageError, valued } from '#platform/command.ts'
import { readEnvironment, readKafkaBrokers } from '#platform/environment.ts'
import { adoptKafka } from './adopt.ts'
import { ORDERS_TOPIC } from './topic.ts'

const USAGE = `Usage: npm run log -- adopt-kafka [--topic NAME]

Makes a topic of Kafka (KAFKA_URL) the order log of the database: creates it, copies the log that is in Postgres with
its offsets and append times, and writes down that the log is there. Stop the processes before, and start them again
after, with KAFKA_URL set and an archiver beside them. Appends wait meanwhile. There is no way back.

  --topic NAME   another name than ${ORDERS_TOPIC}
  --help         this text

Exit codes: 0 done, or done before; 1 failed, and the log stays where it was; 2 wrong usage.
`

await runCommand({
  usage: USAGE,
  hint: '"npm run log -- --help" tells how it is used.',
  parse(args) {
    const { words, topic } = parseOptions(args, { topic: valued(parseTopic) }, { takesWords: true })
    if (words.length !== 1 || words[0] !== 'adopt-kafka') throw new UsageError('Say what to do: adopt-kafka.')
    const brokers = readKafkaBrokers()
    if (brokers === undefined)
      throw new UsageError('Set KAFKA_URL to the brokers of the cluster, as host:port with commas between.')
    return { brokers, topic }
  },
  run: async ({ brokers, topic }) =>
    withDatabase(readEnvironment(), async ({ url }) => {
      const adopted = await withConnection(url, { applicationName: 'tillstream adoption' }, sql =>
        adoptKafka(sql, brokers, topic === undefined ? {} : { topic }),
      )
      const { isNew, entries } = adopted
      process.stdout.write(
        isNew
          ? `log: ${adopted.topic} holds ${entries} entries and is the order log now\n`
          : `log: ${adopted.topic} is the order log already\n`,
      )
      return 0
    }),
})

function parseTopic(name: string): string {
  if (/^[\w.-]{1,200}$/.test(name) && name !== '.' && name !== '..') return name
  throw new UsageError(`--topic is "${name}", but must be of letters, digits, ".", "_" and "-".`)
}
