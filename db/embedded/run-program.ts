import { spawn } from 'node:child_process'
import type { ServerAccount } from './server-account.ts'

export type ProgramResult = Readonly<{
  /** Undefined when the program could not be started at all. */
  exitCode: number | undefined
  /** Everything it wrote, standard output and error together. */
  output: string
}>

/** Runs a program to its end as the given account. Never rejects: a failure to start is in the result. */
export function runProgram(call: {
  program: string
  args: readonly string[]
  account: ServerAccount | undefined
  workingDirectory: string
}): Promise<ProgramResult> {
  return new Promise(resolve => {
    let output = ''
    const child = spawn(call.program, call.args, {
      cwd: call.workingDirectory,
      env: programEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(call.account && { uid: call.account.uid, gid: call.account.gid }),
    })
    const collect = (chunk: Buffer) => {
      output += chunk.toString('utf8')
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.once('error', error => resolve({ exitCode: undefined, output: `${output}${error.message}` }))
    child.once('close', code => resolve({ exitCode: code ?? -1, output }))
  })
}

/**
 * The programs read no PG* variable of the person's shell (PGDATA, PGPORT … would redirect them), and speak
 * English, so that their messages can be recognised.
 */
const programEnvironment: NodeJS.ProcessEnv = {
  NODE_ENV: 'production',
  LC_ALL: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
}
