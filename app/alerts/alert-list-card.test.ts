import { describe, expect, it } from 'vitest'
import { countsText } from '#app/alerts/alert-list-card.tsx'

describe('how many alerts there are', () => {
  it('names their order only where several stand in one', () => {
    const counts = (waiting: number) => ({ waiting, settled: 3, over: 2 })
    expect(countsText(counts(0), true)).toBe('0 alerts open and not judged')
    expect(countsText(counts(1), true)).toBe('1 alert open and not judged')
    expect(countsText(counts(2), true)).toBe('2 alerts open and not judged, the highest score first')
    expect(countsText(counts(2), false)).toBe('3 judged, 2 over without, 2 waiting')
  })
})
