import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadPatiently } from '#app/ui/load-patiently.ts'

describe('a part of the page that comes later', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is tried again until the server is back', async () => {
    const load = vi
      .fn()
      .mockRejectedValueOnce(new Error('refused'))
      .mockRejectedValueOnce(new Error('refused'))
    load.mockResolvedValue('chart')
    const loaded = loadPatiently(load)
    await vi.advanceTimersByTimeAsync(2_000)
    await expect(loaded).resolves.toBe('chart')
    expect(load).toHaveBeenCalledTimes(3)
  })

  it('fails at last, with the error as it was', async () => {
    const gone = new Error('404')
    const loaded = loadPatiently(() => Promise.reject(gone))
    const failed = expect(loaded).rejects.toBe(gone)
    await vi.advanceTimersByTimeAsync(60_000)
    await failed
  })
})
