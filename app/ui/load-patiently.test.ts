import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadPatiently } from '#app/ui/load-patiently.ts'

describe('a part of the page that comes later', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
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

  it('is waited for as long as the server is away: nothing else of the page suffers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('refused')))
    let isBack = false
    const loaded = loadPatiently(() =>
      isBack ? Promise.resolve('chart') : Promise.reject(new Error('refused')),
    )
    await vi.advanceTimersByTimeAsync(600_000)
    isBack = true
    await vi.advanceTimersByTimeAsync(1_000)
    await expect(loaded).resolves.toBe('chart')
  })

  it('fails at last where the server is there and has none, with the error as it was', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response()))
    const gone = new Error('404')
    const loaded = loadPatiently(() => Promise.reject(gone))
    const failed = expect(loaded).rejects.toBe(gone)
    await vi.advanceTimersByTimeAsync(60_000)
    await failed
  })
})
