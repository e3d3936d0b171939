import { describe, expect, test } from 'vitest'
import { parseCommand } from './arguments.ts'

const parse = (line: string) => parseCommand(line.split(' ').filter(Boolean))

describe('a command line', () => {
  test('runs a job for a range of days', () => {
    expect(parse('run daily_sales --from 2026-11-01 --to 2026-11-30 --json')).toEqual({
      kind: 'run',
      trigger: 'manual',
      job: 'daily_sales',
      range: { from: '2026-11-01', to: '2026-11-30' },
      json: true,
    })
  })

  test('backfills all jobs', () => {
    expect(parse('backfill all --from 2026-11-01 --to 2026-11-01')).toMatchObject({
      trigger: 'backfill',
      job: 'all',
    })
  })

  test('runs a job that takes no days', () => {
    expect(parse('run journal_import')).toMatchObject({ range: null })
  })

  test('lists, and tells history', () => {
    expect(parse('list')).toEqual({ kind: 'list', json: false })
    expect(parse('history')).toEqual({ kind: 'history', job: undefined, limit: 50, json: false })
    expect(parse('history daily_sales --limit 3')).toMatchObject({ job: 'daily_sales', limit: 3 })
  })

  test.each([
    ['', 'say what to do: list, run, backfill or history'],
    ['start', '"start" is not known: say list, run, backfill or history'],
    ['run', 'run which job? One of all, daily_sales'],
    ['run sales --from 2026-11-01 --to 2026-11-01', 'there is no job "sales": it is one of all, daily_sales'],
    ['history all', 'there is no job "all"'],
    [
      'run daily_sales --from 2026-11-01',
      'run needs days: --from YYYY-MM-DD --to YYYY-MM-DD (both included)',
    ],
    [
      'run daily_sales --from 2026-02-30 --to 2026-03-01',
      '--from "2026-02-30" is not a date YYYY-MM-DD that exists',
    ],
    ['run daily_sales --from 2026-11-02 --to 2026-11-01', '--to 2026-11-01 lies before --from 2026-11-02'],
    ['run daily_sales --from 2026-11-01 --to 2026-11-02 --limit 3', 'run takes no --limit'],
    ['run journal_import --from 2026-11-01 --to 2026-11-02', 'run journal_import takes no --from'],
    ['run daily_sales twice --from 2026-11-01 --to 2026-11-02', '"twice" is one word too many'],
    ['list daily_sales', 'list takes no job'],
    ['list --from 2026-11-01', 'list takes no --from'],
    ['history --limit many', '--limit "many" is not a whole number from 1 to 10000'],
    ['list --fast', "Unknown option '--fast'"],
  ])('that cannot be understood says why: %s', (line, message) => {
    expect(() => parse(line)).toThrow(message)
  })
})
