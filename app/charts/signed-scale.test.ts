import { expect, test } from 'vitest'
import { signedScale } from '#app/charts/signed-scale.ts'

test('values that are never negative keep the chart’s own scale', () => {
  expect(signedScale([0, 12, 900])).toBeNull()
  expect(signedScale([])).toBeNull()
})

test('a small return takes no step of its own', () => {
  expect(signedScale([-5, 120, 1_950])).toEqual({ domain: [-5, 2_000], ticks: [0, 500, 1_000, 1_500, 2_000] })
})

test('what goes far below zero has its ticks there', () => {
  expect(signedScale([-1_200, 700])).toEqual({
    domain: [-1_200, 1_000],
    ticks: [-1_000, -500, 0, 500, 1_000],
  })
  expect(signedScale([-30, -10])).toEqual({ domain: [-30, 0], ticks: [-30, -20, -10, 0] })
})
