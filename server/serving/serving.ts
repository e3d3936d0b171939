import { connect, type Sql } from '#db/client.ts'

/** The database as the serving layer uses it. */
export interface Serving {
  sql: Sql
  /** A sentence that says how this installation differs from a real one; null outside the demo. */
  demoNote: string | null
  /** Whether people log in here, and so can log out. */
  asksPassword: boolean
  /** Null where no intake belongs to this process: tests, commands. */
  intake: Intake | null
  /** How messages leave this installation. */
  notify: NotifyFacts
  /** Told what a question failed of that is a fault of ours; who asked hears only that it failed. */
  onFault(error: unknown, question: string): void
  close(): Promise<void>
}

export interface NotifyFacts {
  /** False: there is no mail server, and mails are kept in the outbox. */
  sendsMail: boolean
  /** Hosts of a private network that webhooks may go to. */
  privateWebhooks: readonly string[]
}

/**
 * The way from the dashboard to the intake, which alone writes to the log. Given by the process that serves
 * pages: it knows the intake's address and key, the pages do not.
 */
export interface Intake {
  /** 'ok' where an event could be taken now, or what is wrong, in a few words. Asked for 3 s at most; never throws. */
  readiness(): Promise<string>
  /** Sends events as a till sends them: a thousand at most. What was sent before is recognised. */
  send(events: readonly unknown[]): Promise<SendAnswer>
  /** @param payload the repaired event as JSON; null sends what was kept */
  requeue(request: { deadLetter: number; payload: string | null }): Promise<IntakeAnswer>
  discard(request: { deadLetter: number; reason: string }): Promise<IntakeAnswer>
}

export type IntakeAnswer =
  | { kind: 'appended' | 'duplicate' | 'discarded' }
  /** The event is still wrong, or the letter is settled or unknown: in a sentence. */
  | { kind: 'refused'; detail: string }
  /** The intake could not be asked: nothing has changed. */
  | { kind: 'away'; detail: string }

export type SendAnswer =
  /** All are in the log but those that are rejected, by their place among the events, with a sentence. */
  | { kind: 'taken'; rejected: readonly { index: number; detail: string }[] }
  /** The intake could not be asked, or is full: send all of it again. */
  | { kind: 'away'; detail: string }

/** Pages are read in bursts of a few queries. */
const MAX_CONNECTIONS = 4
const CLOSE_TIMEOUT_SECONDS = 2
const LONGEST_STATEMENT_MS = 30_000

export function openServing(
  url: string,
  options: {
    demoNote?: string | null
    asksPassword?: boolean
    intake?: Intake | null
    notify?: NotifyFacts
    onFault?: Serving['onFault']
    longestStatementMs?: number
  } = {},
): Serving {
  // Compiling a query over the log's many days takes longer than running it.
  // What takes longer is given up: whoever asked has gone, and others wait for the connection.
  const session = { jit: 'off', statement_timeout: options.longestStatementMs ?? LONGEST_STATEMENT_MS }
  const sql = connect(url, { max: MAX_CONNECTIONS, applicationName: 'tillstream web', session })
  return {
    sql,
    demoNote: options.demoNote ?? null,
    asksPassword: options.asksPassword ?? false,
    intake: options.intake ?? null,
    notify: options.notify ?? { sendsMail: false, privateWebhooks: [] },
    onFault: options.onFault ?? (() => {}),
    close: () => sql.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
  }
}

// Next bundles the pages' code apart from the server that starts it, so a module variable would exist twice.
const PLACE = Symbol.for('tillstream.serving')
const shared = globalThis as { [PLACE]?: Serving }

/** Called once by the process that serves pages, before the first request. */
export function provideServing(opened: Serving): void {
  shared[PLACE] = opened
}

/** @throws when no entry point has opened the database: pages are served by `npm start -- web`, not by `next start`. */
export function serving(): Serving {
  const opened = shared[PLACE]
  if (!opened) throw new Error("No database is open here: start the dashboard with 'npm start -- web'.")
  return opened
}
