import { EmbeddedPostgresError } from './embedded-error.ts'
import { runProgram } from './run-program.ts'

/** The unprivileged user a server runs as, because Postgres refuses to run as root. */
export type ServerAccount = Readonly<{ name: string; uid: number; gid: number }>

const ownAccount = 'tillstream'

/** Accounts that do, in order of preference, when `tillstream` neither exists nor can be created. */
const fallbackAccounts = ['postgres', 'nobody']

/**
 * Finds, or creates, the account a server of root runs as.
 *
 * @returns undefined when we are not root: the server then runs as ourselves
 * @throws EmbeddedPostgresError when root has no unprivileged account to offer
 */
export async function findServerAccount(): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const account =
    (await lookUpAccount(ownAccount)) ?? (await createAccount()) ?? (await firstAccount(fallbackAccounts))
  if (account !== undefined) return account
  throw new EmbeddedPostgresError(
    'Postgres refuses to run as root, and there is no other user to run it as. Create one ' +
      `("useradd --system ${ownAccount}"), or run as a normal user, or set DATABASE_URL.`,
  )
}

async function lookUpAccount(name: string): Promise<ServerAccount | undefined> {
  const [uid, gid] = await Promise.all([idOf(name, '-u'), idOf(name, '-g')])
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { name, uid, gid }
}

async function firstAccount(names: readonly string[]): Promise<ServerAccount | undefined> {
  for (const name of names) {
    const account = await lookUpAccount(name)
    if (account !== undefined) return account
  }
  return undefined
}

/** Two processes may do this at once: the loser's failure is the winner's account. */
async function createAccount(): Promise<ServerAccount | undefined> {
  if (process.platform !== 'linux') return undefined
  await runProgram({
    program: 'useradd',
    args: ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', ownAccount],
    account: undefined,
    workingDirectory: '/',
  })
  return lookUpAccount(ownAccount)
}

async function idOf(name: string, flag: '-u' | '-g'): Promise<number | undefined> {
  const { exitCode, output } = await runProgram({
    program: 'id',
    args: [flag, name],
    account: undefined,
    workingDirectory: '/',
  })
  const id = Number(output.trim())
  return exitCode === 0 && Number.isInteger(id) ? id : undefined
}
