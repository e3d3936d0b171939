import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { kill } from 'node:process'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { inheritedEnvironment, projectRoot } from '#platform/environment.ts'
import { processIdentity } from '#platform/process-identity.mjs'

/** A project with the real launcher, nothing to install but a folder of its own, and programs that tell what they got. */
let root = ''

const programs = {
  'seed/seeder/main.ts': `
    const got: object = { args: process.argv.slice(2), mode: process.env.FROM_FILE, from: process.env.INIT_CWD }
    console.log(JSON.stringify(got))`,
  'seed/simulators/main.ts': `
    process.on('SIGTERM', () => { console.log('asked to end'); process.exit(7) })
    setInterval(() => {}, 1000)
    console.log(process.pid)`,
  'jobs/main.ts': `process.exit(2)`,
}

beforeAll(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'tillstream-launch-'))
  const manifest = { name: 'launched', version: '1.0.0', type: 'module', dependencies: { tiny: 'file:tiny' } }
  const packages = {
    '': manifest,
    'node_modules/tiny': { resolved: 'tiny', link: true },
    tiny: { version: '1.0.0' },
  }
  write('package.json', JSON.stringify(manifest))
  write('package-lock.json', JSON.stringify({ name: 'launched', lockfileVersion: 3, packages }))
  // Its installation takes as long as the test wants.
  const install = 'node until-released.mjs'
  write('tiny/package.json', JSON.stringify({ name: 'tiny', version: '1.0.0', scripts: { install } }))
  write(
    'tiny/until-released.mjs',
    `import { existsSync } from 'node:fs'
    while (!existsSync('released')) await new Promise(resolve => setTimeout(resolve, 50))`,
  )
  write('.env', 'FROM_FILE=settings')
  for (const [file, source] of Object.entries(programs)) write(file, source)
  for (const folder of ['platform', 'platform/launch']) {
    for (const name of readdirSync(path.join(projectRoot, folder)).filter(file => file.endsWith('.mjs')))
      cpSync(path.join(projectRoot, folder, name), path.join(root, folder, name))
  }
})
afterAll(() => rmSync(root, { recursive: true }))

function write(file: string, content: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), content)
}

type Launched = Readonly<{
  child: ChildProcess
  out: () => string
  err: () => string
  exitCode: Promise<number | null>
}>

function launch(...args: string[]): Launched {
  const child = spawn(process.execPath, [path.join(root, 'platform/launch/launch.mjs'), ...args], {
    cwd: os.tmpdir(),
    env: inheritedEnvironment({ INIT_CWD: undefined, npm_lifecycle_event: undefined }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', chunk => (out += String(chunk)))
  child.stderr.on('data', chunk => (err += String(chunk)))
  return { child, out: () => out, err: () => err, exitCode: once(child, 'close').then(() => child.exitCode) }
}

async function startLongRun(): Promise<{ launched: Launched; pid: number }> {
  const launched = launch('simulate')
  await vi.waitUntil(() => launched.out().includes('\n'), { timeout: 60_000 })
  return { launched, pid: Number(launched.out().trim()) }
}

describe('the launcher', () => {
  test('installs once when two start at the same time, and says so on standard error only', async () => {
    const both = [launch('seed'), launch('seed')]
    // However late the second comes, the first is at it still.
    const isWaiting = () => both.some(one => one.err().includes('which is installing the dependencies'))
    await vi.waitUntil(isWaiting, { timeout: 60_000 })
    write('tiny/released', '')
    expect(await Promise.all(both.map(one => one.exitCode))).toEqual([0, 0])
    for (const one of both) expect(() => JSON.parse(one.out())).not.toThrow()
    const said = both.map(one => one.err()).join('')
    expect(said.match(/Installing dependencies/g)).toHaveLength(1)
  })

  test('passes arguments, the settings of .env and where the person stands; output stays clean', async () => {
    const run = launch('seed', '--days', '3', 'a b')
    expect(await run.exitCode).toBe(0)
    const got: unknown = JSON.parse(run.out())
    expect(got).toEqual({ args: ['--days', '3', 'a b'], mode: 'settings', from: os.tmpdir() })
    expect(run.err()).toBe('')
  })

  test('passes on the exit code', async () => {
    expect(await launch('jobs').exitCode).toBe(2)
  })

  test('names the commands when it does not know one', async () => {
    const run = launch('sede')
    expect(await run.exitCode).toBe(2)
    expect(run.err()).toMatch(/Unknown command "sede"\. Commands: demo, build, start, seed, simulate, /)
  })

  test('passes on the request to end', async () => {
    const { launched } = await startLongRun()
    launched.child.kill('SIGTERM')
    expect(await launched.exitCode).toBe(7)
    expect(launched.out()).toContain('asked to end')
  })

  test('does not leave its program behind when it is killed', async () => {
    const { launched, pid } = await startLongRun()
    expect(processIdentity(pid)).toBeDefined()
    kill(launched.child.pid ?? 0, 'SIGKILL')
    await vi.waitUntil(() => processIdentity(pid) === undefined, { timeout: 60_000 })
  })
})
