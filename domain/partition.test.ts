import { expect, test } from 'vitest'
import { sharePartitions } from './partition.ts'

test('partitions are shared out by size, the largest first, each to the smallest share', () => {
  const sizes = new Map([
    [0, 10],
    [1, 40],
    [2, 25],
    [3, 20],
  ])
  expect(sharePartitions(sizes, 2)).toEqual([
    [1, 0],
    [2, 3],
  ])
})

test('no share is empty', () => {
  expect(sharePartitions(new Map([[2, 7]]), 2)).toEqual([[2]])
  expect(sharePartitions(new Map(), 2)).toEqual([])
})
