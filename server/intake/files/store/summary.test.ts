import { expect, test } from 'vitest'
import {
  exitCodeOf,
  type FileSummary,
  type ImportSummary,
  NO_ROWS,
  renderSummary,
  totalOf,
} from './summary.ts'

function file(fields: Partial<FileSummary>): FileSummary {
  return {
    ...NO_ROWS,
    file: '2010-12-01',
    path: 'by-day/2010-12-01.csv',
    rejects: null,
    error: null,
    ...fields,
  }
}

function summary(files: FileSummary[], dryRun = false): ImportSummary {
  return { mapping: 'uci-online-retail', dryRun, files, total: totalOf(files) }
}

test('the total adds up the files', () => {
  const { total } = summary([
    file({ rows: 3, orderRows: 2, rejectedRows: 1 }),
    file({ rows: 4, orderRows: 4 }),
  ])
  expect(total).toMatchObject({ file: 'total', rows: 7, orderRows: 6, rejectedRows: 1 })
})

test('the exit code is 0 when all was loaded or set aside, 2 with rejects, 1 when a file failed', () => {
  expect(exitCodeOf(summary([file({ rows: 2, orderRows: 1, setAsideRows: 1 })]))).toBe(0)
  expect(exitCodeOf(summary([file({ rows: 2, orderRows: 1, rejectedRows: 1 })]))).toBe(2)
  expect(exitCodeOf(summary([file({ rejectedRows: 1 }), file({ error: 'it is empty' })]))).toBe(1)
})

test('people see a table, and below it what they should know', () => {
  const text = renderSummary(
    summary(
      [file({ rows: 3108, orderRows: 3107, rejectedRows: 1, ambiguousTimes: 2, rejects: 'rejects.csv' })],
      true,
    ),
  )
  expect(text).toMatchInlineSnapshot(`
    "file        rows  orders  returns  adjustments  set aside  rejected  events  duplicates
    ----------  ----  ------  -------  -----------  ---------  --------  ------  ----------
    2010-12-01  3108    3107        0            0          0         1       0           0
    ----------  ----  ------  -------  -----------  ---------  --------  ------  ----------
    total       3108    3107        0            0          0         1       0           0

    Dry run: nothing was written. "events" are those that would be new to the log.
    2 rows have a local time that occurs twice (clock change): the earlier was taken.
    2010-12-01: rows that were not loaded, with the reason: rejects.csv
    "
  `)
})
