import { expect, test } from 'vitest'
import { type FaultOutcome, faultSentence } from './fault.ts'

const at = (time: string) => Date.parse(`2026-11-20T${time}Z`)
const killed: FaultOutcome = {
  name: 'kill-stream',
  state: 'recovered',
  struckAt: at('18:41:12.900'),
  releasedAt: null,
  againAt: at('18:41:16.100'),
  figures: { lost: 0, twice: 0, events: 1204, rows: 87, differing: 0 },
  detail: null,
}

test('what followed a fault is a sentence with its figures', () => {
  expect(faultSentence(killed)).toBe(
    'Stream killed 18:41:12, processing again 18:41:16, 0 lost, 0 twice: 1204 events and 87 sums around it held against the log, all say what the log says.',
  )
  expect(
    faultSentence({
      ...killed,
      name: 'freeze-jobs',
      releasedAt: at('18:41:42.901'),
      againAt: at('18:41:43'),
      figures: { lost: 1, twice: 2, events: 1, rows: 1, differing: 1 },
    }),
  ).toBe(
    'Jobs frozen 18:41:12, let go on 18:41:42, processing again 18:41:43, 1 lost, 2 twice: 1 event and 1 sum around it held against the log, 1 of them say something else.',
  )
})

test('it says no more than is known', () => {
  const nothing = { ...killed, struckAt: null, againAt: null, figures: null }
  expect(faultSentence({ ...nothing, state: 'requested' })).toBe('waits for the supervisor')
  expect(faultSentence({ ...nothing, state: 'failed', detail: 'Nobody did it.' })).toBe('Nobody did it.')
  expect(faultSentence({ ...killed, state: 'running', againAt: null, figures: null })).toBe(
    'Stream killed 18:41:12 …',
  )
  expect(
    faultSentence({ ...killed, state: 'failed', againAt: null, figures: null, detail: 'Not back in 60 s.' }),
  ).toBe('Stream killed 18:41:12. Not back in 60 s.')
})
