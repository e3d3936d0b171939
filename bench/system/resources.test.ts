import { describe, expect, test } from 'vitest'
import { descendants, parseStat } from './process-table.ts'
import { type Footprint, parsePss, partName, processorShares, totalPss } from './resources.ts'

describe('what /proc says of a process', () => {
  test('its processor time is found behind a name with spaces and parentheses, that of ended children apart', () => {
    const stat = '42 (a (b) c) S 7 42 42 0 -1 4194560 100 200 0 0 31 11 5 3 20 0 1 0 12345 1000 200'
    expect(parseStat(42, stat)).toEqual({ pid: 42, parent: 7, ticks: 42, ticksOfEnded: 8 })
  })

  test('its proportional set size is read in bytes, and is 0 while it ends', () => {
    const rollup =
      '55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss:   9000 kB\nPss:   1500 kB\nPss_Anon: 1000 kB\n'
    expect(parsePss(rollup)).toBe(1_500 * 1_024)
    expect(parsePss('')).toBe(0)
  })

  test.each([
    ['/n/bin/node\0--import=x\0/p/server/web/main.ts\0', 'web'],
    ['/n/bin/node\0/p/jobs/schedule/main.ts\0', 'jobs'],
    ['/n/bin/node\0/p/seed/simulators/main.ts\0', 'simulate'],
    ['postgres: tillstream app 127.0.0.1(4711) idle', 'Postgres'],
    ['/lib/native/bin/postgres\0-D\0/d/cluster\0', 'Postgres'],
    ['/n/bin/node\0/p/server/launch/demo.ts\0--port\0' + '3000\0', 'supervisor, launcher, npm'],
    ['npm run demo --port 3000', 'supervisor, launcher, npm'],
  ])('%j belongs to %s', (command, name) => {
    expect(partName(command)).toBe(name)
  })
})

describe('a tree of processes', () => {
  test('holds what its roots have started, at any depth, and nothing else', () => {
    const table = [
      [1, 0],
      [10, 1],
      [11, 10],
      [12, 11],
      [20, 1],
      [21, 20],
    ].map(([pid = 0, parent = 0]) => ({ pid, parent, ticks: 0, ticksOfEnded: 0 }))
    expect(descendants(table, [10, 21]).map(({ pid }) => pid)).toEqual([10, 21, 11, 12])
  })

  test('counts nobody twice when one root lies below another', () => {
    const table = [
      [10, 1],
      [11, 10],
    ].map(([pid = 0, parent = 0]) => ({ pid, parent, ticks: 0, ticksOfEnded: 0 }))
    expect(descendants(table, [10, 11])).toHaveLength(2)
  })
})

describe('the share of a core', () => {
  const look = (at: number, seconds: Record<string, number>): Footprint => ({
    at,
    parts: new Map(
      Object.entries(seconds).map(([name, processorSeconds]) => [
        name,
        { processes: 1, pssBytes: 1_000, processorSeconds },
      ]),
    ),
  })

  test('is what was used between two looks over the time between them', () => {
    const shares = processorShares(look(1_000, { web: 2 }), look(11_000, { web: 3, jobs: 0.5 }))
    expect([...shares]).toEqual([
      ['web', 0.1],
      ['jobs', 0.05],
    ])
  })

  test('stands beside the memory of all parts', () => {
    expect(totalPss(look(0, { web: 1, jobs: 1 }))).toBe(2_000)
  })
})
