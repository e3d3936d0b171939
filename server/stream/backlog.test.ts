import { expect, test } from 'vitest'
import { Backlogs } from './backlog.ts'

const full = { records: 20_000, hasMore: true }
const last = { records: 300, hasMore: false }

test('a large backlog is over when the last of its partitions is at the end of the log', () => {
  const backlogs = new Backlogs()
  for (const partition of [0, 1, 0]) expect(backlogs.add(partition, full)).toBe(false)
  expect(backlogs.add(0, last)).toBe(false)
  expect(backlogs.add(1, last)).toBe(true)
  // And it is told once.
  expect(backlogs.add(1, last)).toBe(false)
})

test('what comes and is read at once is none, however long it goes on', () => {
  const backlogs = new Backlogs()
  const told = Array.from({ length: 1_000 }, () => backlogs.add(0, { records: 1_900, hasMore: false }))
  expect(told).not.toContain(true)
})

test('a partition that another process has now is waited for no longer', () => {
  const backlogs = new Backlogs()
  for (const partition of [0, 0, 0, 1]) backlogs.add(partition, full)
  expect(backlogs.add(0, last)).toBe(false)
  expect(backlogs.forget(1)).toBe(true)
})
