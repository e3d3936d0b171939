import { describe, expect, test } from 'vitest'
import { DEFINED_REPORTS } from '#jobs/reports/definitions.ts'
import { TestFacts } from '#jobs/testing/facts.ts'
import { isBackingOff } from './plan.ts'

function versionOf(job: string): string {
  return DEFINED_REPORTS.find(({ name }) => name === job)?.version ?? ''
}

const ALL = { kind: 'range', jobs: ['daily_sales', 'hourly_sales', 'daily_product_sales'] } as const

describe('while a business day goes on', () => {
  test('its sales are planned at every tick that finds new events, the rest waits for its end', () => {
    const facts = new TestFacts().sell('2026-11-20')
    const sales = ['daily_sales 2026-11-20', 'hourly_sales 2026-11-20', 'daily_product_sales 2026-11-20']
    expect(facts.tick('2026-11-20T12:00:00Z')).toEqual(sales)
    expect(facts.planned('2026-11-20T12:02:00Z')).toEqual([])
    facts.sell('2026-11-20')
    expect(facts.planned('2026-11-20T12:04:00Z')).toEqual(sales)
  })

  test('until the cut-over, not until midnight', () => {
    const facts = new TestFacts().sell('2026-11-20')
    facts.tick('2026-11-20T12:00:00Z')
    expect(facts.planned('2026-11-21T02:59:59Z')).toEqual([])
    expect(facts.planned('2026-11-21T03:00:00Z')).toEqual([
      'daily_sales 2026-11-20',
      'daily_inventory 2026-11-20',
      'daily_reviews 2026-11-20',
      'completeness 2026-11-20',
    ])
  })
})

describe('a business day with a clock change', () => {
  test.each([
    ['in spring has 23 hours in Berlin', 'Europe/Berlin', '2026-03-28', '2026-03-29T02:00:00Z'],
    ['in autumn has 25 hours in Berlin', 'Europe/Berlin', '2026-10-24', '2026-10-25T03:00:00Z'],
    ['in spring has 23 hours in New York', 'America/New_York', '2026-03-07', '2026-03-08T08:00:00Z'],
    ['in autumn has 25 hours in New York', 'America/New_York', '2026-10-31', '2026-11-01T09:00:00Z'],
  ])('%s: it ends with its cut-over', (_, zone, day, end) => {
    const facts = new TestFacts({ calendar: { zone, cutOverHour: 4 } }).sell(day)
    const before = new Date(Date.parse(end) - 1).toISOString()
    facts.tick(before)
    expect(facts.planned(before)).toEqual([])
    expect(facts.planned(end)).toContain(`daily_inventory ${day}`)
  })
})

describe('after a day has ended', () => {
  test('everything that is computed from it follows in the same tick, in order of dependency', () => {
    const facts = new TestFacts().sell('2026-11-19')
    expect(facts.tick('2026-11-20T03:00:00Z')).toEqual([
      'daily_sales 2026-11-19',
      'hourly_sales 2026-11-19',
      'daily_product_sales 2026-11-19',
      'daily_inventory 2026-11-19',
      'daily_reviews 2026-11-19',
      'completeness 2026-11-19',
      'weekly_sales 2026-11-16',
      'monthly_sales 2026-11-01',
      'monthly_product_sales 2026-11-01',
      'monthly_tenders 2026-11-01',
      'monthly_category_sales 2026-11-01',
      'monthly_inventory 2026-11-01',
    ])
    expect(facts.planned('2026-11-20T03:02:00Z')).toEqual([])
  })

  test('its last run before the end is not the one that publishes it', () => {
    const facts = new TestFacts().sell('2026-11-19')
    facts.tick('2026-11-20T02:59:00Z')
    expect(facts.closedDays).toEqual(new Set())
    const slot = facts.plan('2026-11-20T03:00:00Z').slots[0]
    expect(slot).toMatchObject({ job: 'daily_sales', closes: 'complete', reason: 'the day closes' })
  })

  test('a month takes in the days that have ended, and today by hand', () => {
    const facts = new TestFacts().sell('2026-11-19').sell('2026-11-20')
    facts.tick('2026-11-20T12:00:00Z')
    expect(Object.keys(facts.runs.get('monthly_sales 2026-11-01')?.inputs.daily_sales ?? {})).toEqual([
      '2026-11-19',
    ])
    const wanted = { kind: 'range', jobs: ['monthly_sales'], from: '2026-11-20', to: '2026-11-20' } as const
    expect(facts.tick('2026-11-20T12:30:00Z', { wanted })).toEqual(['monthly_sales 2026-11-01'])
    expect(Object.keys(facts.runs.get('monthly_sales 2026-11-01')?.inputs.daily_sales ?? {})).toHaveLength(2)
    expect(facts.planned('2026-11-20T13:00:00Z')).toEqual([])
  })

  test('a day whose events were all read before its end still enters its month', () => {
    const facts = new TestFacts().sell('2026-11-19').sell('2026-11-20')
    facts.tick('2026-11-20T12:00:00Z')
    const ran = facts.tick('2026-11-21T03:00:00Z')
    expect(ran).toEqual(expect.arrayContaining(['monthly_sales 2026-11-01', 'monthly_tenders 2026-11-01']))
  })
})

describe('a late event', () => {
  function settledWeek(): TestFacts {
    const facts = new TestFacts()
    for (const day of ['2026-11-16', '2026-11-17', '2026-11-18']) facts.sell(day)
    facts.tick('2026-11-19T03:00:00Z')
    return facts
  }

  test('makes its own day dirty, and no other', () => {
    const facts = settledWeek().sell('2026-11-17')
    expect(facts.planned('2026-11-19T04:00:00Z')).toEqual([
      'daily_sales 2026-11-17',
      'hourly_sales 2026-11-17',
      'daily_product_sales 2026-11-17',
      // the stock of later days opens where this one closes
      'daily_inventory 2026-11-17',
      'daily_inventory 2026-11-18',
      'daily_reviews 2026-11-17',
      'completeness 2026-11-17',
    ])
  })

  test('restates the months whose days changed', () => {
    const facts = settledWeek().sell('2026-11-17')
    expect(facts.tick('2026-11-19T04:00:00Z')).toContain('monthly_product_sales 2026-11-01')
  })

  test('leaves alone the months whose days came out the same', () => {
    const facts = settledWeek().sell('2026-11-17')
    const ran = facts.tick('2026-11-19T04:00:00Z', { keeps: slot => slot.job !== 'daily_sales' })
    expect(ran).toContain('monthly_sales 2026-11-01')
    expect(ran).not.toContain('monthly_category_sales 2026-11-01')
    expect(ran).not.toContain('monthly_inventory 2026-11-01')
  })

  test('that comes after the basis of a tick is left to the next', () => {
    const facts = settledWeek()
    const { slots } = facts.sell('2026-11-17').plan('2026-11-19T04:00:00Z')
    for (const slot of slots) facts.run(slot)
    // Another planner has followed the log further, so the head is past what this tick reads.
    const head = facts.heads.get('2026-11-17')
    if (head) facts.heads.set('2026-11-17', { ...head, lastOffset: facts.offset + 5 })
    expect(facts.planned('2026-11-19T04:00:01Z')).not.toContain('daily_sales 2026-11-17')
    facts.offset += 5
    expect(facts.planned('2026-11-19T04:02:00Z')).toContain('daily_sales 2026-11-17')
  })
})

describe('stock', () => {
  test('is carried over days without events between days with them', () => {
    const facts = new TestFacts().sell('2026-11-13').sell('2026-11-16')
    const inventory = facts.planned('2026-11-17T03:00:00Z').filter(slot => slot.startsWith('daily_inventory'))
    expect(inventory.map(slot => slot.slice(-10))).toEqual([
      '2026-11-13',
      '2026-11-14',
      '2026-11-15',
      '2026-11-16',
    ])
  })

  test('is not carried for decades because one clock was wrong', () => {
    const facts = new TestFacts().sell('1970-01-01').sell('2026-11-16')
    const inventory = facts.planned('2026-11-17T03:00:00Z').filter(slot => slot.startsWith('daily_inventory'))
    expect(inventory.length).toBeLessThan(100)
    expect(inventory.at(-1)).toBe('daily_inventory 2026-11-16')
    const last = facts
      .plan('2026-11-17T03:00:00Z')
      .slots.find(slot => slot.job === 'daily_inventory' && slot.period === '2026-11-16')
    expect(last?.days[0]?.previousDay).toBe('1970-04-03')
  })

  test('of later days is recomputed a month at a time, and only as long as openings change', () => {
    const facts = new TestFacts()
    for (let day = 1; day <= 30; day += 1) facts.sell(`2026-09-${String(day).padStart(2, '0')}`)
    for (let day = 1; day <= 31; day += 1) facts.sell(`2026-10-${String(day).padStart(2, '0')}`)
    facts.tick('2026-11-05T12:00:00Z')
    facts.sell('2026-09-02')
    const first = facts.planned('2026-11-05T13:00:00Z').filter(slot => slot.startsWith('daily_inventory'))
    expect([first[0], first.at(-1), first.length]).toEqual([
      'daily_inventory 2026-09-02',
      'daily_inventory 2026-10-02',
      31,
    ])
    // A count on 20 September ends the change.
    const ran = facts.tick('2026-11-05T13:00:00Z', { keeps: slot => slot.period > '2026-09-20' })
    expect(ran.filter(slot => slot.startsWith('daily_inventory'))).toHaveLength(31)
  })
})

describe('stock that nobody has counted or received', () => {
  test('is unknown: no report of it runs, by itself or asked for', () => {
    const facts = new TestFacts().sell('2016-01-02').sell('2021-01-02')
    facts.stockKnownFrom = null
    const ran = facts.tick('2021-02-01T12:00:00Z')
    expect(ran.filter(slot => slot.includes('inventory'))).toEqual([])
    const wanted = {
      kind: 'range',
      jobs: ['daily_inventory', 'monthly_inventory'],
      from: '2016-01-01',
      to: '2021-12-31',
    } as const
    expect(facts.plan('2021-02-01T12:00:00Z', wanted)).toEqual({ slots: [], blocked: [], failures: [] })
  })

  test('is reported from its first receipt or count on, also when that comes late', () => {
    const facts = new TestFacts().sell('2026-11-12').sell('2026-11-13').sell('2026-11-16')
    const inventory = () =>
      facts.planned('2026-11-17T03:00:00Z').filter(slot => slot.startsWith('daily_inventory'))
    facts.stockKnownFrom = '2026-11-16'
    expect(inventory()).toEqual(['daily_inventory 2026-11-16'])
    facts.stockKnownFrom = '2026-11-13'
    expect(inventory().map(slot => slot.slice(-2))).toEqual(['13', '14', '15', '16'])
  })
})

describe('an exchange rate', () => {
  test('that changes makes the day dirty that it converted, and what is added up from it', () => {
    const facts = new TestFacts().sell('2026-11-12').sell('2026-11-13')
    facts.tick('2026-11-14T12:00:00Z')
    expect(facts.planned('2026-11-14T12:02:00Z')).toEqual([])
    facts.rateChanges.set('2026-11-12', 'exchange rate USD → EUR: 0.9 → 0.92')
    expect(facts.plan('2026-11-14T12:04:00Z').slots).toMatchObject([
      { job: 'daily_sales', period: '2026-11-12', reason: 'exchange rate USD → EUR: 0.9 → 0.92' },
    ])
  })
})

describe('what was missed', () => {
  test('while nobody ran is planned at the next start, days in their order', () => {
    const facts = new TestFacts()
    for (const day of ['2026-11-16', '2026-11-17', '2026-11-18']) facts.sell(day)
    const planned = facts.planned('2026-11-19T09:13:00Z')
    expect(planned.filter(slot => slot.startsWith('daily_sales'))).toEqual([
      'daily_sales 2026-11-16',
      'daily_sales 2026-11-17',
      'daily_sales 2026-11-18',
    ])
  })

  test('is exactly what is missing: nothing that stands runs again', () => {
    const facts = new TestFacts().sell('2026-11-17')
    facts.tick('2026-11-18T03:00:00Z')
    facts.sell('2026-11-18').sell('2026-11-19')
    const planned = facts.planned('2026-11-20T12:00:00Z')
    expect(planned.filter(slot => slot.endsWith('2026-11-17'))).toEqual([])
    expect(planned).toEqual(expect.arrayContaining(['daily_sales 2026-11-18', 'daily_sales 2026-11-19']))
  })

  test('does not depend on the clock: one that ran back plans the same', () => {
    const facts = new TestFacts().sell('2026-11-17')
    facts.tick('2026-11-18T03:00:00Z')
    expect(facts.planned('2026-11-17T23:00:00Z')).toEqual([])
  })
})

describe('another version of the code', () => {
  test('makes every period of that report run again, with the reason', () => {
    const facts = new TestFacts().sell('2026-11-17').sell('2026-11-18')
    facts.tick('2026-11-19T03:00:00Z')
    for (const [key, run] of facts.runs)
      if (key.startsWith('daily_sales')) facts.runs.set(key, { ...run, codeVersion: '0' })
    const { slots } = facts.plan('2026-11-19T04:00:00Z')
    expect(slots.map(slot => slot.job)).toEqual(['daily_sales', 'daily_sales'])
    expect(slots[0]?.reason).toBe(`code version 0 → ${slots[0] && versionOf(slots[0].job)}`)
  })
})

describe('a run that fails', () => {
  test('holds up what is computed from it, and nothing else', () => {
    const facts = new TestFacts().sell('2026-11-19')
    const ran = facts.tick('2026-11-20T03:00:00Z', { fails: slot => slot.job === 'daily_product_sales' })
    expect(ran).toContain('monthly_sales 2026-11-01')
    expect(ran).not.toContain('monthly_product_sales 2026-11-01')
    expect(ran).not.toContain('monthly_inventory 2026-11-01')
  })

  test('is tried again by the schedule with growing patience, by hand at once', () => {
    const facts = new TestFacts().sell('2026-11-20')
    const lastAt = Date.parse('2026-11-20T12:00:00Z')
    for (const job of ALL.jobs)
      facts.failures.set(`${job} 2026-11-20`, { codeVersion: versionOf(job), count: 3, lastAt })
    expect(facts.planned('2026-11-20T12:07:59Z')).toEqual([])
    expect(facts.planned('2026-11-20T12:08:00Z')).toHaveLength(3)
    const byHand = { ...ALL, from: '2026-11-20', to: '2026-11-20' }
    expect(facts.planned('2026-11-20T12:00:01Z', byHand)).toHaveLength(3)
  })

  test('is tried at once when its code has changed', () => {
    const failures = { codeVersion: '1', count: 9, lastAt: Date.parse('2026-11-20T12:00:00Z') }
    const now = Date.parse('2026-11-20T12:00:01Z')
    expect(isBackingOff(failures, { now, codeVersion: '1' })).toBe(true)
    expect(isBackingOff(failures, { now, codeVersion: '2' })).toBe(false)
  })
})

describe('a range asked for by hand', () => {
  const november = { from: '2026-11-17', to: '2026-11-18' }

  test('runs whether anything changed or not', () => {
    const facts = new TestFacts().sell('2026-11-16').sell('2026-11-17').sell('2026-11-18').sell('2026-11-19')
    facts.tick('2026-11-20T03:00:00Z')
    const wanted = { kind: 'range', jobs: ['daily_sales'], ...november } as const
    expect(facts.tick('2026-11-20T04:00:00Z', { wanted })).toEqual([
      'daily_sales 2026-11-17',
      'daily_sales 2026-11-18',
    ])
  })

  test('takes in whole weeks and months that it touches', () => {
    const facts = new TestFacts().sell('2026-11-16').sell('2026-11-17').sell('2026-11-30')
    facts.tick('2026-12-01T12:00:00Z')
    const wanted = { kind: 'range', jobs: ['weekly_sales', 'monthly_sales'], ...november } as const
    expect(facts.tick('2026-12-01T13:00:00Z', { wanted })).toEqual([
      'weekly_sales 2026-11-16',
      'monthly_sales 2026-11-01',
    ])
  })

  test('runs first what it is computed from, also outside the range', () => {
    const facts = new TestFacts().sell('2026-11-16').sell('2026-11-17').sell('2026-11-20')
    const wanted = { kind: 'range', jobs: ['monthly_inventory'], ...november } as const
    const ran = facts.tick('2026-11-20T12:00:00Z', { wanted })
    expect(ran.slice(0, 6)).toEqual([
      'daily_sales 2026-11-16',
      'daily_sales 2026-11-17',
      'daily_sales 2026-11-20',
      'daily_product_sales 2026-11-16',
      'daily_product_sales 2026-11-17',
      'daily_product_sales 2026-11-20',
    ])
    expect(ran.filter(slot => slot.startsWith('daily_inventory'))).toHaveLength(5)
    expect(ran.slice(-2)).toEqual(['monthly_product_sales 2026-11-01', 'monthly_inventory 2026-11-01'])
    expect(ran.filter(slot => slot.startsWith('hourly_sales'))).toEqual([])
  })

  test('says what it waits for when that failed', () => {
    const facts = new TestFacts().sell('2026-11-17')
    const wanted = { kind: 'range', jobs: ['monthly_sales'], ...november } as const
    facts.tick('2026-11-18T12:00:00Z', { wanted, fails: slot => slot.job === 'daily_sales' })
    expect(facts.lastPlan.slots).toEqual([])
    expect(facts.lastPlan.blocked).toEqual([
      { job: 'monthly_sales', store: 'berlin', period: '2026-11-01', waitsFor: 'daily_sales 2026-11-17' },
    ])
  })

  test('has nothing to run where the log has nothing', () => {
    const facts = new TestFacts().sell('2026-11-17')
    const wanted = { kind: 'range', jobs: ['daily_sales'], from: '2025-01-01', to: '2025-01-31' } as const
    expect(facts.plan('2026-11-18T12:00:00Z', wanted)).toEqual({ slots: [], blocked: [], failures: [] })
  })

  test('of all reports runs each once', () => {
    const facts = new TestFacts().sell('2026-11-17').sell('2026-11-18')
    facts.tick('2026-11-19T03:00:00Z')
    const jobs = [...new Set([...facts.runs.keys()].map(key => key.split(' ')[0] ?? ''))]
    const ran = facts.tick('2026-11-19T04:00:00Z', { wanted: { kind: 'range', jobs, ...november } })
    expect(new Set(ran).size).toBe(ran.length)
    expect(ran).toHaveLength(facts.runs.size)
  })
})
