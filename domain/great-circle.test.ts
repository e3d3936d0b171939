import { expect, test } from 'vitest'
import { greatCircleKm } from './great-circle.ts'

const BERLIN = { latitude: 52.52, longitude: 13.405 }
const TOKYO = { latitude: 35.6595, longitude: 139.7005 }
const SYDNEY = { latitude: -33.898, longitude: 151.179 }

test('is the way over the earth, whichever way one looks', () => {
  // By the ellipsoid 8,942 and 7,829 km: a sphere is right to half a percent.
  expect(greatCircleKm(BERLIN, TOKYO)).toBeCloseTo(8_924, -2)
  expect(greatCircleKm(TOKYO, SYDNEY)).toBeCloseTo(7_829, -2)
  expect(greatCircleKm(TOKYO, BERLIN)).toBe(greatCircleKm(BERLIN, TOKYO))
})

test('is nothing to where one is, and half way round to the other side', () => {
  expect(greatCircleKm(BERLIN, BERLIN)).toBe(0)
  expect(greatCircleKm(BERLIN, { latitude: -52.52, longitude: -166.595 })).toBeCloseTo(20_015, 0)
})

test('across the line where days change it is the short way', () => {
  const [west, east] = [
    { latitude: 0, longitude: 179.5 },
    { latitude: 0, longitude: -179.5 },
  ]
  // A degree of the equator.
  expect(greatCircleKm(west, east)).toBeCloseTo(111.195, 2)
})
