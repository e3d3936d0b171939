import { UsageError, valued } from './command.ts'

const LEAST_SPEED = 0.01
const MOST_SPEED = 1_000

/** `--speed N` of the demo and of its simulators: how many times faster than their history the shops trade. */
export const speedOption = valued(text => {
  const speed = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && speed >= LEAST_SPEED && speed <= MOST_SPEED) return speed
  throw new UsageError(`--speed is "${text}", but must be a number from ${LEAST_SPEED} to ${MOST_SPEED}.`)
})
