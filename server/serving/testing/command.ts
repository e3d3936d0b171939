import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a command of the project in a process of its own, as its npm script does. */
export async function runCommand(
  databaseUrl: string,
  entry: string,
  args: readonly string[],
): Promise<Ended> {
  const child = spawn(process.execPath, [path.join(projectRoot, entry), ...args], {
    cwd: projectRoot,
    env: inheritedEnvironment({ DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn', NODE_OPTIONS: '' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended: Ended = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    ended.stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    ended.stderr += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { ...ended, code }
}
