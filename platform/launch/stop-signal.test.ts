import { describe, expect, test } from 'vitest'
import { StopRequested, unlessStopped } from './stop-signal.ts'

describe('waiting', () => {
  test('ends with what was waited for', async () => {
    const { signal } = new AbortController()
    await expect(unlessStopped(signal, Promise.resolve(7))).resolves.toBe(7)
    await expect(unlessStopped(signal, Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  })

  test('ends when somebody asks for the end', async () => {
    const controller = new AbortController()
    const waiting = unlessStopped(controller.signal, new Promise(() => {}))
    controller.abort(new StopRequested('SIGINT'))
    await expect(waiting).rejects.toBeInstanceOf(StopRequested)
  })

  test('does not begin when the end was asked for already', async () => {
    const stopped = AbortSignal.abort(new StopRequested('SIGTERM'))
    await expect(unlessStopped(stopped, new Promise(() => {}))).rejects.toBeInstanceOf(StopRequested)
  })
})
