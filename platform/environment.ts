import os from 'node:os'
import path from 'node:path'
import { validate as isCronExpression } from 'node-cron'
import { z } from 'zod'
import { isProxyName } from './http/peer.ts'

/** Folder that holds package.json: relative paths of the environment start here. */
export const projectRoot = rootAbove(import.meta.dirname)

/** @param folder of this file; the bundle of the pages has none, and is started in the project's folder */
function rootAbove(folder: string | undefined): string {
  return folder === undefined ? process.cwd() : path.resolve(folder, '..')
}

export type Environment = Readonly<{
  /** Postgres to use; undefined means the embedded one in `dataDir`. */
  databaseUrl: string | undefined
  /** Absolute folder of everything this installation keeps: database, logs, drop folder. */
  dataDir: string
  host: string
  port: number
  intakePort: number
  /** Where the other processes reach the intake: INTAKE_URL, else this machine's at HOST and INTAKE_PORT. No slash ends it. */
  intakeUrl: string
  /** The ports as somebody set them: where nobody did, the demo may choose. */
  givenPorts: Readonly<{ port: number | undefined; intakePort: number | undefined }>
  /** Bearer key that tills send; undefined means no key is asked for (loopback only). */
  intakeKey: string | undefined
  /** Password of the dashboard; undefined means none is asked for (loopback only). */
  dashboardPassword: string | undefined
  /** Addresses and subnets of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  trustedProxies: readonly string[]
  /** Mail server, smtp(s)://user:password@host:port; undefined keeps mails in the outbox of the Notifications page. */
  smtpUrl: string | undefined
  /** Sender of mails. */
  mailFrom: string
  /** Where people reach the dashboard, for links in messages. No slash ends it. */
  dashboardUrl: string
  /** Hosts, `name` or `name:port`, to which webhooks may go although they lie in a private network, also without TLS. */
  privateWebhooks: readonly string[]
  /** Absolute folder in which journal files arrive, as `<mapping>/<file>`. */
  dropDir: string
  /** Where the archive of the log lies: an absolute folder, or s3://bucket/prefix. */
  archive: string
  /** True where somebody set ARCHIVE: only then the log is archived every night. */
  isArchiveGiven: boolean
  /** Days that the log keeps at least; null: all of them. */
  logKeepDays: number | null
  /** How an archive at s3:// is reached. */
  s3: S3Settings
  /** When the batch path looks for work: a cron expression of five or six fields, in UTC. */
  batchSchedule: string
  /** True where somebody set BATCH_SCHEDULE: the demo then keeps it. */
  isBatchScheduleGiven: boolean
  /** A sentence the dashboard shows about how this installation differs from a real one. */
  demoNote: string | null
  logLevel: LogLevel
  /** True when `LOG_FORMAT=json`, or when it is unset and nobody watches a terminal. */
  logFormat: 'json' | 'text'
  /** Folder in which the person typed the command: relative paths of arguments start here. */
  callerDirectory: string
}>

/** Where S3 answers, and under which key. */
export type S3Settings = Readonly<{
  /** S3_ENDPOINT; undefined: that of AWS in the region. */
  endpoint: string | undefined
  region: string
  accessKeyId: string | undefined
  secretAccessKey: string | undefined
  sessionToken: string | undefined
}>

/** The fewest days that the log may keep: pages and rules look back some weeks without asking what is there. */
const leastKeptDays = 35

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/** A setting that cannot be used. The message names each variable, its value and what it may be. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
}

const highestPort = 65_535

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine(value => value >= 1 && value <= highestPort)

const databaseUrl = z.string().refine(value => {
  const url = URL.parse(value)
  return url !== null && ['postgres:', 'postgresql:'].includes(url.protocol)
})

const text = z.string()

/** An address without a path: what is asked for there is up to us. */
const httpOrigin = text
  .transform(value => URL.parse(value))
  .refine(url => url !== null && url.protocol === 'http:' && `${url.origin}/` === url.href)
  .transform(url => url?.origin ?? '')

/** Each variable with its schema and, for the error message, what it may be. */
const variables = {
  DATABASE_URL: {
    schema: databaseUrl,
    allowed: 'postgres://user:password@host:5432/database, or unset for the embedded Postgres',
  },
  DATA_DIR: { schema: text, allowed: 'a folder, or unset for .data' },
  HOST: { schema: text.regex(/^[\w.:-]+$/), allowed: 'an address or host name, or unset for 127.0.0.1' },
  PORT: { schema: port, allowed: `a whole number from 1 to ${highestPort}, or unset for 3000` },
  INTAKE_PORT: { schema: port, allowed: `a whole number from 1 to ${highestPort}, or unset for PORT + 1` },
  INTAKE_URL: {
    schema: httpOrigin,
    allowed: 'http://host:port, where the intake answers, or unset for this machine (HOST and INTAKE_PORT)',
  },
  INTAKE_KEY: {
    schema: text.regex(/^[\x21-\x7e]+$/),
    allowed: 'printable ASCII characters without spaces (it travels in a header)',
  },
  DASHBOARD_PASSWORD: { schema: text, allowed: 'any text' },
  TRUSTED_PROXIES: {
    schema: text
      .transform(value => value.split(/[\s,]+/).filter(name => name !== ''))
      .refine(names => names.every(isProxyName)),
    allowed: 'addresses or subnets such as 127.0.0.1,10.1.0.0/16, or unset to believe no proxy',
  },
  SMTP_URL: {
    schema: text.refine(value => ['smtp:', 'smtps:'].includes(URL.parse(value)?.protocol ?? '')),
    allowed: 'smtp://user:password@host:587 or smtps://…:465, or unset to keep mails in the outbox',
  },
  MAIL_FROM: {
    schema: text.max(300).regex(/^[^\r\n]*[^\s@]@[^\s@][^\r\n]*$/),
    allowed: 'an address such as Tillstream <alerts@example.com>',
  },
  DASHBOARD_URL: {
    schema: text
      .transform(value => URL.parse(value))
      .refine(url => url !== null && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/')
      .transform(url => url?.origin ?? ''),
    allowed: 'https://name, where people reach the dashboard, or unset for this machine (PORT)',
  },
  PRIVATE_WEBHOOKS: {
    schema: text
      .transform(value => value.split(/[\s,]+/).filter(name => name !== ''))
      .refine(names => names.every(name => /^[\w.-]+(:\d{1,5})?$|^\[[\da-f:]+\](:\d{1,5})?$/i.test(name))),
    allowed: 'hosts such as chat.internal,10.1.0.7:8080, or unset to call none in a private network',
  },
  DROP_DIR: { schema: text, allowed: 'a folder, or unset for DATA_DIR/drop' },
  ARCHIVE: {
    schema: text.refine(
      value => !value.includes('://') || /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w./-]*)?$/.test(value),
    ),
    allowed:
      'a folder, or s3://bucket/prefix, or unset to archive the log only when asked, in DATA_DIR/archive',
  },
  LOG_KEEP_DAYS: {
    schema: text
      .regex(/^\d{1,5}$/)
      .transform(Number)
      .refine(days => days >= leastKeptDays),
    allowed: `a whole number of days from ${leastKeptDays}, or unset to keep the whole log`,
  },
  S3_ENDPOINT: {
    schema: text
      .transform(value => URL.parse(value))
      .refine(url => url !== null && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/')
      .transform(url => url?.origin ?? ''),
    allowed: 'https://name, where an S3 other than that of AWS answers, or unset',
  },
  AWS_REGION: {
    schema: text.regex(/^[a-z0-9-]+$/),
    allowed: 'a region such as eu-central-1, or unset for us-east-1',
  },
  AWS_ACCESS_KEY_ID: { schema: text.regex(/^[\x21-\x7e]+$/), allowed: 'the name of a key' },
  AWS_SECRET_ACCESS_KEY: { schema: text.regex(/^[\x21-\x7e]+$/), allowed: 'the key itself' },
  AWS_SESSION_TOKEN: {
    schema: text.regex(/^[\x21-\x7e]+$/),
    allowed: 'the token that came with the key, or unset',
  },
  BATCH_SCHEDULE: {
    schema: text.refine(isCronExpression),
    allowed:
      'a cron expression such as "*/10 * * * *" (minute, hour, day, month, weekday; UTC), or unset for every hour',
  },
  DEMO_NOTE: { schema: text.max(300), allowed: 'a sentence of at most 300 characters (the demo sets it)' },
  LOG_LEVEL: { schema: z.enum(logLevels), allowed: `one of ${logLevels.join(', ')}, or unset for info` },
  LOG_FORMAT: { schema: z.enum(['json', 'text']), allowed: 'json or text, or unset to decide by the output' },
  INIT_CWD: { schema: text, allowed: 'a folder (npm sets it)' },
} as const

type EnvironmentSource = Readonly<Record<string, string | undefined>>
type VariableName = keyof typeof variables
type Settings = { [Name in VariableName]?: z.output<(typeof variables)[Name]['schema']> }

const secretNames: ReadonlySet<string> = new Set([
  'INTAKE_KEY',
  'DASHBOARD_PASSWORD',
  'DATABASE_URL',
  'SMTP_URL',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
])

/**
 * Reads and checks every setting. The only place where `process.env` is read.
 *
 * @param source variables by name; an empty value counts as unset
 * @throws EnvironmentError naming each bad variable, its value and its range, and when an address other
 *   than loopback is asked for without an intake key and a dashboard password
 */
export function readEnvironment(source: EnvironmentSource = process.env): Environment {
  const settings = parseSettings(source)
  const dataDir = path.resolve(projectRoot, settings.DATA_DIR ?? '.data')
  const host = settings.HOST ?? '127.0.0.1'
  const intakePort = settings.INTAKE_PORT ?? (settings.PORT ?? 3000) + 1
  const environment: Environment = {
    databaseUrl: settings.DATABASE_URL,
    dataDir,
    host,
    port: settings.PORT ?? 3000,
    intakePort,
    intakeUrl: settings.INTAKE_URL ?? `http://${callable(host)}:${intakePort}`,
    givenPorts: { port: settings.PORT, intakePort: settings.INTAKE_PORT },
    intakeKey: settings.INTAKE_KEY,
    dashboardPassword: settings.DASHBOARD_PASSWORD,
    trustedProxies: settings.TRUSTED_PROXIES ?? [],
    smtpUrl: settings.SMTP_URL,
    mailFrom: settings.MAIL_FROM ?? 'Tillstream <tillstream@localhost>',
    dashboardUrl: settings.DASHBOARD_URL ?? `http://localhost:${settings.PORT ?? 3000}`,
    privateWebhooks: (settings.PRIVATE_WEBHOOKS ?? []).map(name => name.toLowerCase()),
    dropDir: path.resolve(projectRoot, settings.DROP_DIR ?? path.join(dataDir, 'drop')),
    archive: archiveAddress(settings.ARCHIVE, dataDir),
    isArchiveGiven: settings.ARCHIVE !== undefined,
    logKeepDays: settings.LOG_KEEP_DAYS ?? null,
    s3: s3Settings(settings),
    batchSchedule: settings.BATCH_SCHEDULE ?? '0 * * * *',
    isBatchScheduleGiven: settings.BATCH_SCHEDULE !== undefined,
    demoNote: settings.DEMO_NOTE ?? null,
    logLevel: settings.LOG_LEVEL ?? 'info',
    logFormat: settings.LOG_FORMAT ?? (process.stdout.isTTY ? 'text' : 'json'),
    callerDirectory: settings.INIT_CWD ?? process.cwd(),
  }
  if (environment.logKeepDays !== null && !environment.isArchiveGiven) {
    throw new EnvironmentError(
      'LOG_KEEP_DAYS is set, but ARCHIVE is not: only days that stand in an archive are dropped. Set ARCHIVE.',
    )
  }
  refusePortsThatClash(environment)
  refuseOpenDoors(environment)
  return environment
}

/**
 * How S3 is reached, for who reads a day of the log that is there no longer: only then, and deep within a process that
 * was given everything else at its start.
 * @throws EnvironmentError
 */
export function readS3Settings(source: EnvironmentSource = process.env): S3Settings {
  return s3Settings(parseSettings(source))
}

function s3Settings(settings: Settings): S3Settings {
  return {
    endpoint: settings.S3_ENDPOINT,
    region: settings.AWS_REGION ?? 'us-east-1',
    accessKeyId: settings.AWS_ACCESS_KEY_ID,
    secretAccessKey: settings.AWS_SECRET_ACCESS_KEY,
    sessionToken: settings.AWS_SESSION_TOKEN,
  }
}

function archiveAddress(given: string | undefined, dataDir: string): string {
  if (given?.startsWith('s3://')) return given.replace(/\/+$/, '')
  return path.resolve(projectRoot, given ?? path.join(dataDir, 'archive'))
}

/** How long and from where fuzz tests draw their inputs; no part of an installation. */
export type FuzzSettings = Readonly<{
  /** FUZZ_SEED: the same seed draws the same inputs in the same order. */
  seed: number
  /** FUZZ_SECONDS: how long each door is tried. */
  seconds: number
}>

/**
 * Brokers of the Kafka that holds the order log (KAFKA_URL), as host:port; undefined where none is set: only a database
 * whose log is in Kafka asks.
 *
 * @throws EnvironmentError
 */
export function readKafkaBrokers(source: EnvironmentSource = process.env): readonly string[] | undefined {
  const value = source.KAFKA_URL
  if (value === undefined || value === '') return undefined
  const brokers = value.split(',').map(broker => broker.trim())
  if (brokers.every(broker => /^([\w.-]+|\[[\da-f:]+\]):\d{1,5}$/i.test(broker))) return brokers
  throw new EnvironmentError(
    `KAFKA_URL is "${value}", but must be host:port of the brokers, with commas between, or unset where the order log is in Postgres.`,
  )
}

/** Where programs in Java come from; no part of an installation that runs none. */
export type JvmSettings = Readonly<{
  /** JAVA_HOME: the JDK's folder; undefined: the `java` on the PATH. */
  javaHome: string | undefined
  /** TILLSTREAM_JARS: where fetched jars are kept for all installations of this account, laid out as in a repository. */
  jarsDir: string
  /** MAVEN_REPOSITORY: what they are fetched from. No slash ends it. */
  mavenRepository: string
}>

/** @throws EnvironmentError */
export function readJvmSettings(source: EnvironmentSource = process.env): JvmSettings {
  const given = (name: string) => source[name] || undefined
  const repository = given('MAVEN_REPOSITORY') ?? 'https://repo1.maven.org/maven2'
  if (!['http:', 'https:'].includes(URL.parse(repository)?.protocol ?? '')) {
    throw new EnvironmentError(
      `MAVEN_REPOSITORY is "${repository}", but must be the http(s) address of a Maven repository, or unset for Maven Central.`,
    )
  }
  return {
    javaHome: given('JAVA_HOME'),
    jarsDir: path.resolve(
      projectRoot,
      given('TILLSTREAM_JARS') ?? path.join(os.homedir(), '.cache/tillstream/jars'),
    ),
    mavenRepository: repository.replace(/\/+$/, ''),
  }
}

/** @throws EnvironmentError */
export function readFuzzSettings(source: EnvironmentSource = process.env): FuzzSettings {
  return {
    seed: wholeNumberOf(source, 'FUZZ_SEED', 20_261_129, 2 ** 31 - 1),
    seconds: wholeNumberOf(source, 'FUZZ_SECONDS', 4, 86_400),
  }
}

function wholeNumberOf(source: EnvironmentSource, name: string, unlessSet: number, most: number): number {
  const value = source[name]
  if (value === undefined || value === '') return unlessSet
  if (/^\d{1,10}$/.test(value) && Number(value) <= most) return Number(value)
  throw new EnvironmentError(`${name} is "${value}", but must be a whole number up to ${most}, or unset.`)
}

/** Every variable of this process, for one it starts, with some put in place. */
export function inheritedEnvironment(changes: EnvironmentSource = {}): NodeJS.ProcessEnv {
  return { ...process.env, ...changes }
}

/** True for the addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host === '::1' ||
    host === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
  )
}

/** An address to listen on is not always one to call. */
function callable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

function parseSettings(source: EnvironmentSource): Settings {
  const settings: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, { schema, allowed }] of Object.entries(variables)) {
    const value = source[name]
    if (value === undefined || value === '') continue
    const parsed = schema.safeParse(value)
    if (parsed.success) settings[name] = parsed.data
    else problems.push(`${name}${secretNames.has(name) ? '' : ` is "${value}", but`} must be ${allowed}.`)
  }
  if (problems.length > 0) throw new EnvironmentError(problems.join('\n'))
  return settings as Settings
}

function refusePortsThatClash({ port, intakePort }: Environment): void {
  if (intakePort > highestPort) {
    throw new EnvironmentError(
      `PORT is ${port}, so INTAKE_PORT (PORT + 1) would be ${intakePort}: at most ${highestPort}. ` +
        'Set PORT to a smaller number, or set INTAKE_PORT.',
    )
  }
  if (port === intakePort) {
    throw new EnvironmentError(
      `PORT and INTAKE_PORT are both ${port}: the dashboard and the intake each need their own. ` +
        'Set INTAKE_PORT to another port, or leave it unset for PORT + 1.',
    )
  }
}

/** Without key and password anyone who reaches the address could write sales and read every figure. */
function refuseOpenDoors({ host, intakeKey, dashboardPassword }: Environment): void {
  if (isLoopback(host)) return
  const missing = [
    ...(intakeKey === undefined ? ['INTAKE_KEY'] : []),
    ...(dashboardPassword === undefined ? ['DASHBOARD_PASSWORD'] : []),
  ]
  if (missing.length === 0) return
  throw new EnvironmentError(
    `HOST is "${host}", which other machines can reach, but ${missing.join(' and ')} ` +
      `${missing.length === 1 ? 'is' : 'are'} not set. Set ${missing.join(' and ')} in the environment or in .env, ` +
      'or unset HOST to listen on 127.0.0.1 only.',
  )
}
