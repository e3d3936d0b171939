import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { placed } from '#domain/testing/events.ts'
import { type Command, type Option, UsageError } from '#platform/command.ts'
import { projectRoot } from '#platform/environment.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'
import { type FuzzTarget, fuzz } from './testing/fuzz.ts'

vi.setConfig({ testTimeout: 900_000 })

// A command is declared where its program begins to run. Here the declaration is kept instead of run: what reads
// the arguments is the command's own.
const declared = vi.hoisted(() => ({
  commands: [] as Command<unknown>[],
  options: {} as Readonly<Record<string, Option<unknown>>>,
}))
vi.mock('#platform/command.ts', async importOriginal => {
  const original = await importOriginal<typeof import('#platform/command.ts')>()
  return {
    ...original,
    async runCommand(command: Command<unknown>) {
      declared.commands.push(command)
    },
    parseOptions(...given: Parameters<typeof original.parseOptions>) {
      declared.options = given[1]
      return original.parseOptions(...given)
    },
  }
})

interface CommandUnderTest {
  file: string
  parse(args: readonly string[]): unknown
  usage: string
}

/** Every program that reads a command line, found by what it calls. */
async function readCommands(): Promise<CommandUnderTest[]> {
  const folders = ['server', 'jobs', 'seed', 'bench', 'platform']
  const files = await Promise.all(
    folders.map(async folder =>
      (await readdir(path.join(projectRoot, folder), { recursive: true })).map(file =>
        path.join(folder, file),
      ),
    ),
  )
  const commands: CommandUnderTest[] = []
  for (const file of files.flat().sort()) {
    if (!file.endsWith('.ts') || file.includes('test')) continue
    if (!/^\s*await runCommand\(/m.test(await readFile(path.join(projectRoot, file), 'utf8'))) continue
    const before = declared.commands.length
    const module: Record<string, unknown> = await import(path.join(projectRoot, file))
    const command = declared.commands[before]
    if (command) {
      commands.push({ file, usage: command.usage, parse: args => command.parse(args) })
      continue
    }
    // One that also serves as a module runs only as a program: its reader is exported.
    for (const [name, read] of Object.entries(module)) {
      if (!name.startsWith('parse') || typeof read !== 'function') continue
      commands.push({ file, usage: '', parse: args => read(args, Date.now()) })
    }
  }
  return commands
}

const VALUES = [
  ...[
    '',
    '0',
    '-1',
    '1',
    '1.5',
    '1e9',
    '1e99',
    '99999',
    '65536',
    '99999999999999999999',
    'NaN',
    'Infinity',
    '0x10',
  ],
  ...[
    '0000-01-01',
    '0001-01-01',
    '1900-01-01',
    '2026-03-02',
    '9999-12-31',
    '2026-02-30',
    '+275760-09-13',
    'yesterday',
  ],
  ...[
    '2026-11-20T10:15:00Z',
    '0000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    'a,b',
    '0,1',
    '0,0',
    ',',
    '99999',
  ],
  ...[
    '\0',
    'a\0b',
    '\ud800',
    '../../etc/passwd',
    '/dev/null',
    '__proto__',
    'constructor',
    'x'.repeat(20_000),
    '🛒',
  ],
]

function optionsOf({ parse }: CommandUnderTest): string[] {
  declared.options = {}
  try {
    parse([])
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
  }
  return Object.keys(declared.options)
}

function target(command: CommandUnderTest): FuzzTarget<string[]> {
  const names = [...optionsOf(command), 'help', 'unknown', '__proto__', 'constructor']
  const words = [...new Set(command.usage.match(/\b[a-z][a-z_]+\b/g) ?? []), ...VALUES]
  const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary', maxLength: 20 }))
  const part = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.tuple(fc.constantFrom(...names), value).map(([name, given]) => [`--${name}`, given]),
    },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(...names), value).map(([name, given]) => [`--${name}=${given}`]),
    },
    { weight: 1, arbitrary: fc.constantFrom(...names).map(name => [`--${name}`]) },
    { weight: 4, arbitrary: fc.constantFrom(...words).map(word => [word]) },
    { weight: 1, arbitrary: fc.constantFrom('-', '--', '---', '-x', '--=', '--no-json').map(text => [text]) },
  )
  return {
    name: command.file,
    inputs: fc.array(part, { maxLength: 6 }).map(parts => parts.flat()),
    async attempt(args) {
      try {
        return oddNumber(command.parse(args))
      } catch (error) {
        return error instanceof UsageError
          ? null
          : `no word about usage: ${error instanceof Error ? error.stack : error}`
      }
    },
  }
}

/** A number that passed and that nobody can mean. */
function oddNumber(parsed: unknown): string | null {
  const values = Object.entries(parsed ?? {})
  const odd = values.find(([, value]) => typeof value === 'number' && !(Math.abs(value) < 1e14))
  return odd ? `takes ${odd[0]} as ${odd[1]}` : null
}

test('whatever stands on a command line is taken, or a word about usage', async () => {
  const commands = await readCommands()
  expect(commands.map(({ file }) => file)).toEqual(
    expect.arrayContaining([
      'jobs/main.ts',
      'seed/seeder/main.ts',
      'seed/simulators/main.ts',
      'server/intake/files/main.ts',
      'server/serving/reconcile/main.ts',
      'platform/launch/demo.ts',
    ]),
  )
  await fuzz(commands.map(target), '--only integration seed/trials/fuzz-commands')
})

describe('a range of three centuries', () => {
  let database: TestDatabase
  const ALL_DAYS = ['--from', '1900-01-01', '--to', '2199-12-31']

  beforeAll(async () => {
    database = await createTestDatabase()
    const { send } = await createTestPaths(database.sql)
    await send([
      placed({ id: '1', at: '2026-03-02T10:15:30Z' }, [{ sku: 'tea', units: 2, unitPrice: '2.555' }]),
    ])
  })
  afterAll(() => database.drop())

  test('costs a backfill what the log holds, not the calendar', async () => {
    const run = async (range: readonly string[]) => {
      const { code, stdout, stderr } = await runCommand(database.url, 'jobs/main.ts', [
        'backfill',
        'all',
        '--json',
        ...range,
      ])
      expect({ code, stderr }).toMatchObject({ code: 0 })
      const { jobs } = JSON.parse(stdout) as { jobs: { job: string; runs: number }[] }
      return jobs.map(({ job, runs }) => `${job} ${runs}`).sort()
    }
    const wide = await run(ALL_DAYS)
    expect(wide.length).toBeGreaterThan(5)
    expect(wide).toEqual(await run(['--from', '2026-03-02', '--to', '2026-03-02']))
  })

  test('is reconciled', async () => {
    const { stdout } = await runCommand(database.url, 'server/serving/reconcile/main.ts', [
      ...ALL_DAYS,
      '--json',
    ])
    expect(stdout).toContain('2026-03-02')
  })

  test.each([
    ['jobs/main.ts', ['run', 'all', '--from', '0000-01-01', '--to', '9999-12-31']],
    ['server/serving/reconcile/main.ts', ['--from', '0000-01-01', '--to', '9999-12-31']],
  ])('and more than that is a word about usage: %s', async (entry, args) => {
    const { code, stderr } = await runCommand(database.url, entry, args)
    expect([code, stderr]).toEqual([2, expect.stringContaining('between 1900-01-01 and 2199-12-31')])
  })
})
