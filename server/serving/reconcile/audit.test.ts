import { describe, expect, it } from 'vitest'
import { weighFindings } from './audit.ts'
import type { FoundRow } from './findings.ts'

function row(relation: string, rowKey: FoundRow['rowKey'], metric = 'gross'): FoundRow {
  return {
    kind: 'audit row',
    path: 'batch',
    relation,
    rowKey: { store: 'a', ...rowKey },
    metric,
    stored: '1',
    expected: '2',
    detail: null,
  }
}

const month = row('batch.monthly_sales', { month: '2026-03-01' })
const day = row('batch.daily_sales', { business_day: '2026-03-02', channel: 'pos' })
const dayChanged = row('batch.daily_sales', { business_day: '2026-03-02' }, 'checksum')
const monthChanged = row('batch.monthly_sales', { month: '2026-03-01' }, 'checksum')

describe('findings', () => {
  it('blame the day that was changed, not the month computed from it before', () => {
    expect(weighFindings({ direct: [day], derived: [month], checksums: [dayChanged] })).toEqual([day])
  })

  it('blame the month when it was changed itself, or when nothing was and it was computed wrongly', () => {
    expect(weighFindings({ direct: [], derived: [month], checksums: [monthChanged] })).toEqual([month])
    expect(weighFindings({ direct: [], derived: [month], checksums: [] })).toEqual([month])
    expect(weighFindings({ direct: [day], derived: [month], checksums: [dayChanged, monthChanged] })).toEqual(
      [day, month],
    )
  })

  it('do not blame the day after one that was changed, for opening where that had closed', () => {
    const next = row('batch.daily_inventory', { business_day: '2026-03-03', sku: 'tea' }, 'opening')
    const changed = row('batch.daily_inventory', { business_day: '2026-03-02' }, 'checksum')
    expect(weighFindings({ direct: [], derived: [next], checksums: [changed] })).toEqual([changed])
  })

  it('name a period by its checksum only where no row of it is named', () => {
    const other = row('batch.daily_sales', { business_day: '2026-03-03' }, 'checksum')
    expect(weighFindings({ direct: [day], derived: [], checksums: [dayChanged, other] })).toEqual([
      day,
      other,
    ])
  })
})
