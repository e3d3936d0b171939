import { describe, expect, test } from 'vitest'
import { ALL_STRANGERS, type Failures, GuessBrake, type GuessStore, waitAfter } from './guess-brake.ts'

/** Keeps what was counted in this process: brakes that share one are processes of one database. */
function sharedStore(clock: () => number) {
  const failures = new Map<string, Failures>()
  const known = new Map<string, number>()
  const store: GuessStore = {
    load: async () => ({ failures, known }),
    async addFailure(senders) {
      for (const sender of senders) {
        failures.set(sender, { count: (failures.get(sender)?.count ?? 0) + 1, at: clock() })
      }
      return new Map(senders.map(sender => [sender, failures.get(sender) as Failures]))
    },
    async remember(sender) {
      known.set(sender, clock())
    },
  }
  return { store, failures, known }
}

function brakes(count = 1) {
  let now = 1_000_000
  const { store, ...kept } = sharedStore(() => now)
  const errors: unknown[] = []
  const [first, ...others] = Array.from(
    { length: count },
    () =>
      new GuessBrake({
        isRight: given => given === 'right',
        store,
        clock: () => now,
        onError: error => errors.push(error),
      }),
  )
  if (first === undefined) throw new Error('no brake')
  return { first, others, store, errors, ...kept, wait: (ms: number) => (now += ms) }
}

describe('what a wrong guess costs', () => {
  test.each([
    [0, 0],
    [5, 0],
    [6, 1_000],
    [7, 2_000],
    [5.2, 1_000],
    [13, 128_000],
    [15, 300_000],
    [1_000_000, 300_000],
  ])('after %d it is a wait of %d ms', (count, ms) => {
    expect(waitAfter(count, 5, 300_000)).toBe(ms)
  })

  test('is counted before the next is compared, however many come at once', () => {
    const { first } = brakes()
    const kinds = Array.from({ length: 1_000 }, (_, n) => first.guess('a', `guess ${n}`).kind)
    expect(kinds.filter(kind => kind === 'wrong')).toHaveLength(6)
    expect(first.guess('a', 'right')).toEqual({ kind: 'wait', seconds: 1 })
  })

  test('is less than three hundred compared a day, and is forgiven after it', () => {
    const { first, wait } = brakes()
    let compared = 0
    for (let second = 0; second < 86_400; second += 1) {
      if (first.guess('a', `guess ${second}`).kind === 'wrong') compared += 1
      wait(1_000)
    }
    expect(compared).toBeLessThan(320)
    wait(3 * 3_600_000)
    expect(first.guess('a', 'right')).toEqual({ kind: 'right' })
  })

  test('is forgiven with time: mistakes of a week do not add up', () => {
    const { first, wait } = brakes()
    for (let day = 0; day < 7; day += 1) {
      for (let n = 0; n < 5; n += 1) first.guess('a', `guess ${day} ${n}`)
      wait(3_600_000)
    }
    for (let n = 0; n < 5; n += 1) first.guess('a', `guess ${n}`)
    expect(first.guess('a', 'right').kind).toBe('right')
  })

  test('is nothing for the same text again: a browser sends it with every file', () => {
    const { first } = brakes()
    for (let file = 0; file < 100; file += 1) expect(first.guess('a', 'the old one').kind).toBe('wrong')
    expect(first.guess('a', 'right').kind).toBe('right')
  })
})

describe('many senders', () => {
  test('wait for each other when none of them was ever right', () => {
    const { first, wait } = brakes()
    const compared = (from: number) =>
      Array.from({ length: 1_000 }, (_, n) => first.guess(`address ${from + n}`, `guess ${n}`).kind).filter(
        kind => kind === 'wrong',
      ).length
    expect(compared(0)).toBe(101)
    wait(30_000)
    expect(compared(1_000)).toBe(1)
  })

  test('do not make one wait that was right before, unless it guesses itself', () => {
    const { first } = brakes()
    first.guess('till', 'right')
    for (let n = 0; n < 1_000; n += 1) first.guess(`address ${n}`, 'x')
    expect(first.guess('new', 'right').kind).toBe('wait')
    expect(first.guess('till', 'right').kind).toBe('right')
    for (let n = 0; n < 100; n += 1) first.guess('till', `guess ${n}`)
    expect(first.guess('till', 'right').kind).toBe('right')
    first.guess('till', 'one more')
    expect(first.guess('till', 'right').kind).toBe('wait')
  })

  test('take bounded memory, those that were right and those that were not', () => {
    const { first, wait } = brakes()
    for (let n = 0; n < 12_000; n += 1) first.guess(`right ${n}`, 'right')
    for (let n = 0; n < 12_000; n += 1) {
      first.guess(`wrong ${n}`, 'x')
      wait(600_000)
    }
    expect(first.size).toBe(20_000)
  })

  test('do not push out of memory what all strangers did', () => {
    const { first } = brakes()
    for (let n = 0; n < 10_000; n += 1) first.guess(`known ${n}`, 'right')
    for (let n = 0; n < 101; n += 1) first.guess(`stranger ${n}`, 'x')
    for (let n = 0; n < 10_000; n += 1) first.guess(`known ${n}`, 'x')
    expect(first.guess('one more', 'right').kind).toBe('wait')
  })
})

describe('several processes', () => {
  test('know of each other as soon as they count, and from the beginning', async () => {
    const { first, others, failures } = brakes(3)
    const [second, third] = others
    for (let n = 0; n < 8; n += 1) first.guess('a', `guess ${n}`)
    await Promise.resolve()
    expect(failures.get('a')?.count).toBe(6)
    expect(second?.guess('a', 'another').kind).toBe('wrong')
    await Promise.resolve()
    expect(second?.guess('a', 'right').kind).toBe('wait')
    await third?.open()
    expect(third?.guess('a', 'right').kind).toBe('wait')
    expect(failures.get(ALL_STRANGERS)?.count).toBe(7)
  })

  test('each go by what they saw while the store is away, and tell it', async () => {
    const { first, store, errors } = brakes()
    store.addFailure = () => Promise.reject(new Error('away'))
    store.load = () => Promise.reject(new Error('away'))
    await first.open()
    for (let n = 0; n < 8; n += 1) first.guess('a', `guess ${n}`)
    expect(first.guess('a', 'right').kind).toBe('wait')
    await Promise.resolve()
    expect(errors.length).toBeGreaterThan(1)
  })
})
