import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createTestDatabase } from '#db/testing/database.ts'
import { type Program, startProgram } from '#platform/process.ts'

/** `npm start -- PROCESS` on a database of its own, with a port that is taken, or free. */
async function start(name: 'intake' | 'web', { isPortTaken }: { isPortTaken: boolean }): Promise<Program> {
  const database = await createTestDatabase()
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'tillstream-start-'))
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const { port } = blocker.address() as AddressInfo
  if (!isPortTaken) blocker.close()
  const program = startProgram({
    entry: 'platform/launch/start.ts',
    args: [name],
    settings: {
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      DROP_DIR: undefined,
      HOST: undefined,
      INTAKE_PORT: String(port),
      LOG_LEVEL: 'info',
      NODE_OPTIONS: '',
    },
  })
  onTestFinished(async () => {
    await program.stop(10_000)
    blocker.close()
    await database.drop()
    rmSync(dataDir, { recursive: true })
  })
  return program
}

test('a process that fails again and again ends the start with an error that names it', async () => {
  const { ended } = await start('intake', { isPortTaken: true })
  const { code, stderr } = await ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/^Port \d+ at 127\.0\.0\.1 is taken\./m)
  // On a busy machine a start may take so long that it counts as one that went well for a while.
  const restarts = stderr.match(/intake ended \(exit code 1\); starting it again in/g) ?? []
  expect(restarts.length).toBeGreaterThanOrEqual(6)
  expect(stderr).toMatch(/^Process intake ended 6 times in a row\. Its log above says why\.$/m)
})

test('a process that runs is ended in good order when the start is', async () => {
  const program = await start('intake', { isPortTaken: false })
  await vi.waitUntil(() => program.output().includes('intake listens on'), { timeout: 60_000 })
  program.kill('SIGTERM')
  const { code, output } = await program.ended
  expect(code).toBe(0)
  expect(output).toContain('intake stops')
})
