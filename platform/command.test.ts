import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { flag, parseOptions, text, texts, UsageError, valued, wholeNumber } from './command.ts'
import { projectRoot } from './environment.ts'
import { startProgram } from './process.ts'

const options = {
  json: flag(),
  mapping: text(),
  store: texts(),
  days: wholeNumber({ least: 0, most: 10, unlessGiven: 5 }),
  'random-seed': wholeNumber({ least: 1, most: 9 }),
  part: valued(given => {
    if (given === 'unit' || given === 'browser') return given
    throw new UsageError(`--part is "${given}", but must be one of unit, browser.`)
  }),
}

describe('options', () => {
  test('are read as what they are declared to be', () => {
    const args = ['--json', '--store', 'a', '--store', 'b', '--random-seed', '7', '--part', 'unit']
    expect(parseOptions(args, options)).toEqual({
      json: true,
      mapping: undefined,
      store: ['a', 'b'],
      days: 5,
      randomSeed: 7,
      part: 'unit',
      words: [],
    })
  })

  test.each([
    [['--jsn'], "Unknown option '--jsn'."],
    [['--mapping'], "Option '--mapping <value>' argument missing."],
    [['--days', '11'], '--days is "11", but must be a whole number from 0 to 10.'],
    [['--days', '1.5'], '--days is "1.5", but must be a whole number from 0 to 10.'],
    [['--random-seed', '0'], '--random-seed is "0", but must be a whole number from 1 to 9.'],
    [['--part', 'all'], '--part is "all", but must be one of unit, browser.'],
    [['word'], "Unexpected argument 'word'."],
  ])('that are wrong are named in one sentence: %s', (args, message) => {
    expect(() => parseOptions(args, options)).toThrow(new UsageError(message))
  })

  test('stand among words where a command takes some', () => {
    const { words, json } = parseOptions(['list', '--json', 'a'], options, { takesWords: true })
    expect(words).toEqual(['list', 'a'])
    expect(json).toBe(true)
  })
})

const directory = mkdtempSync(path.join(os.tmpdir(), 'tillstream-command-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A command in a process of its own, which runs these lines. */
async function runs(body: string, ...args: string[]) {
  const file = path.join(directory, 'main.ts')
  writeFileSync(
    file,
    `import { parseOptions, runCommand, text, UsageError } from ${JSON.stringify(path.join(projectRoot, 'platform/command.ts'))}
     await runCommand({
       usage: 'Usage: npm run it\\n',
       hint: '"npm run it -- --help" lists the options.',
       parse: args => parseOptions(args, { name: text() }),
       run: async ({ name }) => { ${body} },
     })`,
  )
  const { code, stdout, stderr } = await startProgram({ entry: path.relative(projectRoot, file), args }).ended
  return { code, stdout, stderr }
}

describe('a command', () => {
  test('answers --help, whatever stands beside it', async () => {
    const told = { code: 0, stdout: 'Usage: npm run it\n', stderr: '' }
    expect(await runs(`throw new Error('not run')`, '--name', 'x', '--help')).toEqual(told)
  })

  test('ends with its exit code, and all it wrote arrives', async () => {
    const ended = await runs(`process.stdout.write('x'.repeat(500_000) + name); return 4`, '--name', 'end')
    expect(ended).toMatchObject({ code: 4, stderr: '' })
    expect(ended.stdout).toHaveLength(500_003)
  })

  test('ends also when something is left under way', async () => {
    expect(await runs(`setInterval(() => {}, 1_000); throw new Error('Port 3001 is taken.')`)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Port 3001 is taken.\n',
    })
  })

  test('that is called wrongly says what is wrong and where help is', async () => {
    expect(await runs('', '--nam')).toEqual({
      code: 2,
      stdout: '',
      stderr: `Unknown option '--nam'.\n"npm run it -- --help" lists the options.\n`,
    })
  })

  test('shows a stack only where the fault is ours', async () => {
    expect((await runs('name.length')).stderr).toMatch(/^TypeError: .*\n {4}at /)
  })
})
