import path from 'node:path'
import { fetchJars } from '#platform/jvm/fetch-jars.ts'
import { type Jvm, startJvm, whenDone } from '#platform/jvm/start-jvm.ts'
import { flinkJars, OPENS } from '#scale/flink/build.ts'

export interface FlinkSqlOptions {
  /** host:port */
  brokers: string
  topic: string
  databaseUrl: string
  /** Whose tables it fills. */
  generation: number
  /** Folder of its checkpoints and its log. */
  dataDir: string
  heapMb: number
}

const NAME = 'Flink SQL'
const FOLDER = import.meta.dirname
/** Of Flink SQL and its JDBC connector, beside the job's own: no demo needs them. */
const LOCK_FILE = path.join(FOLDER, 'jars.lock.json')

/**
 * Starts stream.sql on a topic, from its beginning to where its end is now, in a process that ends then.
 * @throws JavaMissingError, JarError
 */
export async function startFlinkSql(options: FlinkSqlOptions): Promise<Jvm & { done: Promise<void> }> {
  const { brokers, topic, databaseUrl, generation, dataDir, heapMb } = options
  const logFile = path.join(dataDir, 'flink-sql.log')
  const jvm = await startJvm({
    name: NAME,
    classPath: [...(await flinkJars()), ...(await fetchJars(LOCK_FILE))],
    // A file of source: Java compiles it as it starts.
    mainClass: path.join(FOLDER, 'FlinkSql.java'),
    flags: [
      `-Xms${heapMb}m`,
      `-Xmx${heapMb}m`,
      '-XX:+UseParallelGC',
      '-Duser.timezone=UTC',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      `-Djava.io.tmpdir=${dataDir}`,
      ...OPENS,
    ],
    args: [FOLDER, brokers, topic, String(generation), path.join(dataDir, 'checkpoints')],
    settings: { DATABASE_URL: databaseUrl },
    logFile,
  })
  return { ...jvm, done: whenDone(jvm, { name: NAME, logFile }) }
}
