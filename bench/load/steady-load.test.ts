import { describe, expect, test } from 'vitest'
import { sendSteadily } from './steady-load.ts'

describe('a steady load', () => {
  test('sends as many as were asked for, whatever the answers take', async () => {
    let sent = 0
    const times = await sendSteadily({
      perSecond: 400,
      seconds: 0.25,
      lanes: Array.from({ length: 4 }, () => async () => {
        sent += 1
      }),
    })
    expect(sent).toBe(100)
    expect(times.length).toBe(100)
  })

  test('times answers from when their request was due: who waits behind a stall feels it', async () => {
    let isFirst = true
    const times = await sendSteadily({
      perSecond: 100,
      seconds: 0.2,
      lanes: [
        async () => {
          if (isFirst) await new Promise(resolve => setTimeout(resolve, 150))
          isFirst = false
        },
      ],
    })
    // The second was due 10 ms after the first, and could only be sent 140 ms later.
    expect(times[1]).toBeGreaterThan(100)
  })

  test('ends with the first failure', async () => {
    const failing = async () => {
      throw new Error('refused')
    }
    await expect(sendSteadily({ perSecond: 100, seconds: 1, lanes: [failing] })).rejects.toThrow('refused')
  })
})
