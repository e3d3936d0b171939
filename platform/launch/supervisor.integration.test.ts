import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { processIdentity } from '#platform/process-identity.mjs'
import type { ProcessName } from './processes.ts'
import { type Ending, type Supervisor, supervise } from './supervisor.ts'

const programs = {
  // Says that it is up only once it would heed the request to end.
  web: `process.on('SIGTERM', () => { console.log('bye'); process.exit(0) })
    console.log('up ' + process.env.PORT); setInterval(() => {}, 1000)`,
  intake: `console.error('no such thing'); process.exit(3)`,
  stream: `process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)`,
} as const

/** The machine may be busy with the other tests. */
const patiently = { timeout: 60_000, interval: 20 }
let directory = ''
let supervisor: Supervisor | undefined
const lines: string[] = []
const endings: Ending[] = []

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'tillstream-supervisor-'))
  for (const [name, program] of Object.entries(programs))
    writeFileSync(path.join(directory, `${name}.mjs`), program)
})
afterEach(() => {
  supervisor?.killAll()
  lines.length = 0
  endings.length = 0
  rmSync(directory, { recursive: true })
})

function run(...names: ProcessName[]): Supervisor {
  const started = supervise({
    programOf: name => ({
      entry: path.join(directory, `${name}.mjs`),
      settings: { PORT: '4711' },
      output: (line, stream) => lines.push(`${name} ${stream} ${line}`),
    }),
    onEnd: (_name, ending) => endings.push(ending),
  })
  supervisor = started
  started.start(names)
  return started
}

describe('a supervised process', () => {
  test('gets its settings, is heard, and ends in good order', async () => {
    const started = run('web')
    await vi.waitUntil(() => lines.includes('web stdout up 4711'), patiently)
    await started.stop(['web'], 5_000)
    expect(started.running().size).toBe(0)
    await vi.waitUntil(() => lines.includes('web stdout bye'), patiently)
    expect(endings).toEqual([])
  })

  test('is started again within a second when it is killed', async () => {
    const started = run('web')
    for (const times of [1, 2, 3]) {
      await vi.waitUntil(() => lines.length === times, patiently)
      process.kill(started.running().get('web') ?? 0, 'SIGKILL')
      await vi.waitUntil(() => endings.length === times, patiently)
      expect(endings.at(-1)).toMatchObject({ how: 'SIGKILL', killed: true })
      expect(endings.at(-1)?.pauseMs).toBeLessThanOrEqual(1_000)
    }
  })

  test('that fails over and over is started less and less often', async () => {
    run('intake')
    await vi.waitUntil(() => endings.length === 3, patiently)
    expect(endings.map(({ failures }) => failures)).toEqual([1, 2, 3])
    expect(endings.at(0)?.how).toBe('exit code 3')
    expect(endings.at(2)?.pauseMs).toBeGreaterThan(endings.at(0)?.pauseMs ?? 0)
    expect(lines).toContain('intake stderr no such thing')
  })

  test('that does not heed the request to end is killed after its grace', async () => {
    const started = run('stream', 'web')
    await vi.waitUntil(() => lines.length === 2, patiently)
    const pids = [...started.running().values()]
    await started.stop(['stream', 'web'], 300)
    expect(pids.map(pid => processIdentity(pid))).toEqual([undefined, undefined])
  })

  test('can be stopped while it waits to be started again', async () => {
    const started = run('intake')
    await vi.waitUntil(() => endings.length === 2, patiently)
    await started.stop(['intake'], 1_000)
    expect(started.running().size).toBe(0)
  })
})
