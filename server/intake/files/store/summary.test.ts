import { expect, test } from 'vitest'
import { MEASURES, measuresOf, type SalesFigures } from '#domain/measures.ts'
import { NO_FIGURES } from './loaded-figures.ts'
import {
  exitCodeOf,
  type FileSummary,
  type ImportSummary,
  NO_ROWS,
  renderSummary,
  totalOf,
} from './summary.ts'

const NOTHING_SOLD = {
  ...measuresOf(name => (MEASURES[name].kind === 'money' ? '0.0000' : 0)),
  net: '0.0000',
} as SalesFigures

function file(fields: Partial<FileSummary>): FileSummary {
  return {
    ...NO_ROWS,
    ...NO_FIGURES,
    file: '2010-12-01',
    path: 'by-day/2010-12-01.csv',
    rejects: null,
    error: null,
    changed: false,
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
  const totals = [
    {
      ...NOTHING_SOLD,
      currency: 'EUR',
      orders: 2,
      units: 5,
      gross: '12.5000',
      discounts: '0.5000',
      returns: '2.0000',
      returnDocuments: 1,
      unitsReturned: 1,
      net: '10.0000',
    },
  ]
  const text = renderSummary(
    summary(
      [
        file({
          rows: 3108,
          orderRows: 3107,
          rejectedRows: 1,
          ambiguousTimes: 2,
          rejects: 'rejects.csv',
          firstBusinessDay: '2010-11-30',
          lastBusinessDay: '2010-12-01',
          totals,
        }),
        file({ file: 'empty' }),
      ],
      true,
    ),
  )
  expect(text).toMatchInlineSnapshot(`
    "file        rows  orders  returns  adjustments  set aside  rejected  events  duplicates
    ----------  ----  ------  -------  -----------  ---------  --------  ------  ----------
    2010-12-01  3108    3107        0            0          0         1       0           0
    empty          0       0        0            0          0         0       0           0
    ----------  ----  ------  -------  -----------  ---------  --------  ------  ----------
    total       3108    3107        0            0          0         1       0           0

    Business days 2010-11-30 to 2010-12-01, both included.
    EUR: 2 orders of 5 units, gross 12.5000, discounts 0.5000, returns 2.0000 (1 documents, 1 units), net 10.0000

    Dry run: nothing was written. "events" are those that would be new to the log.
    2 rows have a local time that occurs twice (clock change): the earlier was taken.
    2010-12-01: rows that were not loaded, with the reason: rejects.csv
    "
  `)
})

test('the total spans the days of all files and adds up each currency, whatever its size', () => {
  const figures = {
    ...NOTHING_SOLD,
    orders: 1,
    units: 1,
    gross: '99999999999.9999',
    discounts: '0.0001',
    returns: '0.0000',
    returnDocuments: 0,
    unitsReturned: 0,
    net: '99999999999.9998',
  }
  const { total } = summary([
    file({
      firstBusinessDay: '2010-12-02',
      lastBusinessDay: '2010-12-03',
      totals: [{ currency: 'EUR', ...figures }],
    }),
    file({}),
    file({
      firstBusinessDay: '2010-12-01',
      lastBusinessDay: '2010-12-01',
      totals: [
        { currency: 'CHF', ...figures },
        { currency: 'EUR', ...figures },
      ],
    }),
  ])
  expect(total).toMatchObject({
    firstBusinessDay: '2010-12-01',
    lastBusinessDay: '2010-12-03',
    totals: [
      { currency: 'CHF', orders: 1, gross: '99999999999.9999' },
      { currency: 'EUR', orders: 2, gross: '199999999999.9998', net: '199999999999.9996' },
    ],
  })
})
