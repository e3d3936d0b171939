import { formatInstant, type Instant, SECOND_MS } from './instant.ts'

/** Something that is done to a process of the demo on purpose, to see what follows. */
export interface Fault {
  name: string
  title: string
  kind: 'kill' | 'freeze' | 'restart'
  target: 'stream' | 'intake' | 'jobs' | 'postgres' | 'kafka' | 'archiver' | 'flink'
  /** What is done, in a sentence. */
  description: string
  /** What the pages then show. */
  expected: string
}

/** How long a freeze holds a process still. */
export const FREEZE_MS = 30 * SECOND_MS

/** What the demo's supervisor can do to what it runs. */
export const FAULTS = [
  {
    name: 'kill-stream',
    title: 'Kill stream',
    kind: 'kill',
    target: 'stream',
    description: 'The stream process is ended without a word (SIGKILL).',
    expected: 'Sales wait in the log for a moment; the next process goes on from the checkpoint.',
  },
  {
    name: 'freeze-stream',
    title: 'Freeze stream 30 s',
    kind: 'freeze',
    target: 'stream',
    description: 'The stream process stands still for 30 s (SIGSTOP), and goes on (SIGCONT).',
    expected:
      'Lag grows, the watermark stands, and pages say so. A second stream process would take over after ten seconds.',
  },
  {
    name: 'kill-intake',
    title: 'Kill intake',
    kind: 'kill',
    target: 'intake',
    description: 'The intake is ended without a word.',
    expected: 'Tills keep what was not answered and send it again; what was stored already is recognised.',
  },
  {
    name: 'freeze-intake',
    title: 'Freeze intake 30 s',
    kind: 'freeze',
    target: 'intake',
    description: 'The intake stands still for 30 s.',
    expected: 'Nothing is appended; then the tills’ backlog comes at once, most of it late by half a minute.',
  },
  {
    name: 'kill-jobs',
    title: 'Kill jobs',
    kind: 'kill',
    target: 'jobs',
    description: 'The batch path’s process is ended without a word, in the middle of a run or not.',
    expected: 'A run under way is rolled back; the next process looks at once for what is due.',
  },
  {
    name: 'freeze-jobs',
    title: 'Freeze jobs 30 s',
    kind: 'freeze',
    target: 'jobs',
    description: 'The batch path’s process stands still for 30 s.',
    expected: 'Batch figures stay at their last cut; live figures go on.',
  },
  {
    name: 'restart-postgres',
    title: 'Restart Postgres',
    kind: 'restart',
    target: 'postgres',
    description: 'Postgres is ended as by a crash, and started again.',
    expected: 'Every process waits and comes back by itself; what was acknowledged is there.',
  },
  {
    name: 'kill-kafka',
    title: 'Kill Kafka',
    kind: 'kill',
    target: 'kafka',
    description: 'The broker that holds the log is ended without a word, in the middle of an append or not.',
    expected:
      'Tills keep what was not answered; figures stand until the broker is back, and what was acknowledged is there.',
  },
  {
    name: 'kill-archiver',
    title: 'Kill archiver',
    kind: 'kill',
    target: 'archiver',
    description: 'The archiver, which copies the topic to where all else reads it, is ended without a word.',
    expected:
      'Figures wait a moment, as none is shown that the archive cannot explain; the next one goes on.',
  },
  {
    name: 'freeze-archiver',
    title: 'Freeze archiver 30 s',
    kind: 'freeze',
    target: 'archiver',
    description: 'The archiver stands still for 30 s.',
    expected:
      'Tills sell on, and pages say how far the archive is behind; then it catches up, and figures too.',
  },
  {
    name: 'kill-flink',
    title: 'Kill Flink',
    kind: 'kill',
    target: 'flink',
    description: 'The process of Flink’s job is ended without a word.',
    expected:
      'It begins again with its newest snapshot, and writes nothing twice of what it then folds once more.',
  },
] as const satisfies readonly Fault[]

export type FaultName = (typeof FAULTS)[number]['name']

export function isFaultName(text: string): text is FaultName {
  return FAULTS.some(({ name }) => name === text)
}

export function faultOf(name: FaultName): Fault {
  const fault = FAULTS.find(one => one.name === name)
  if (!fault) throw new RangeError(`there is no fault ${name}`)
  return fault
}

/** The log, from a minute before a fault on, held against what counts of it. */
export interface FaultFigures {
  /** Events that count nowhere, and events that count more than once. */
  lost: number
  twice: number
  /** Events of the log in that time. */
  events: number
  /** Windows, and days of reports, that were added up from the log again. */
  rows: number
  /** Those of them that say something else than the log, in any figure. */
  differing: number
}

/** What is known of a fault that was asked for. */
export interface FaultOutcome {
  name: FaultName
  state: 'requested' | 'running' | 'recovered' | 'failed'
  struckAt: Instant | null
  /** Of a freeze: when it was let go on. */
  releasedAt: Instant | null
  /** When the process worked again, by what it wrote itself. */
  againAt: Instant | null
  figures: FaultFigures | null
  /** Why it failed. */
  detail: string | null
}

const SUBJECTS: Record<Fault['target'], string> = {
  stream: 'Stream',
  intake: 'Intake',
  jobs: 'Jobs',
  postgres: 'Postgres',
  kafka: 'Kafka',
  archiver: 'Archiver',
  flink: 'Flink',
}
/** What every process works with: it is back once they work again. */
const SHARED: ReadonlySet<Fault['target']> = new Set(['postgres', 'kafka'])
const STRUCK: Record<Fault['kind'], string> = { kill: 'killed', freeze: 'frozen', restart: 'ended' }

/** What followed, in a sentence with its figures; times are UTC. `Stream killed 18:41:12, processing again 18:41:16, …` */
export function faultSentence(outcome: FaultOutcome): string {
  const { name, state, struckAt, releasedAt, againAt, figures, detail } = outcome
  const { kind, target } = faultOf(name)
  if (struckAt === null) return detail ?? 'waits for the supervisor'
  const again = SHARED.has(target) ? 'stream and intake processing again' : 'processing again'
  const told = [`${SUBJECTS[target]} ${STRUCK[kind]} ${timeOf(struckAt)}`]
  if (releasedAt !== null) told.push(`let go on ${timeOf(releasedAt)}`)
  if (againAt !== null) told.push(`${again} ${timeOf(againAt)}`)
  if (figures !== null) told.push(`${figures.lost} lost`, `${figures.twice} twice`)
  const sentence = told.join(', ')
  if (state === 'failed') return `${sentence}. ${detail ?? 'Then nothing is known.'}`
  if (figures === null) return `${sentence} …`
  return `${sentence}: ${checkedText(figures)}`
}

function checkedText({ events, rows, differing }: FaultFigures): string {
  const rest = differing === 0 ? 'all say what the log says' : `${differing} of them say something else`
  const held = rows === 1 ? '1 sum' : `${rows} sums`
  return `${events === 1 ? '1 event' : `${events} events`} and ${held} around it held against the log, ${rest}.`
}

/** `18:41:12`, in UTC. */
function timeOf(instant: Instant): string {
  return formatInstant(instant).slice('2026-11-20T'.length, '2026-11-20T18:41:12'.length)
}
