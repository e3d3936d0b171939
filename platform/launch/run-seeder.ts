import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { nodeFlags } from './supervisor.ts'

/** The seeder failed; it has said why. */
export class SeedingError extends Error {
  override readonly name = 'SeedingError'
}

/**
 * Runs the seeder in our terminal, where it shows its progress.
 *
 * @throws SeedingError
 */
export async function runSeeder(options: {
  databaseUrl: string
  dataDir: string
  args: readonly string[]
  stop: AbortSignal
}): Promise<void> {
  const entry = path.join(projectRoot, 'seed/seeder/main.ts')
  const child = spawn(process.execPath, [...nodeFlags, entry, ...options.args], {
    cwd: projectRoot,
    env: inheritedEnvironment({ DATABASE_URL: options.databaseUrl, DATA_DIR: options.dataDir }),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    signal: options.stop,
  })
  await once(child, 'exit')
  if (child.exitCode !== 0)
    throw new SeedingError(`Seeding failed (${child.signalCode ?? `exit code ${child.exitCode}`}).`)
}
