import { describe, expect, test, vi } from 'vitest'
import { createNotifier, listenForNotifications } from './notify.ts'

describe('notifications', () => {
  test('that come while one is under way are gathered, each payload once', async () => {
    const sent: (string | undefined)[] = []
    const underWay: (() => void)[] = []
    const client = {
      unsafe(_statement: string, [, payloads]: string[]) {
        sent.push(payloads)
        return new Promise<void>(resolve => underWay.push(resolve))
      },
    }
    const notifier = createNotifier(client, { channel: 'log_appended', everyMs: 1 })
    for (const partition of [1, 2, 2, 1]) notifier.announce(partition)
    expect(sent).toEqual(['{"1"}'])
    underWay[0]?.()
    await vi.waitUntil(() => sent.length === 2, { timeout: 60_000 })
    expect(sent[1]).toBe('{"2","1"}')
    notifier.stop()
    underWay[1]?.()
    notifier.announce(3)
    expect(sent).toHaveLength(2)
  })

  test('that cannot be sent are dropped, and the next ones sent', async () => {
    let tries = 0
    const client = {
      async unsafe() {
        tries += 1
        if (tries === 1) throw new Error('away')
      },
    }
    const notifier = createNotifier(client, { channel: 'log_appended', everyMs: 1 })
    notifier.announce(1)
    await vi.waitUntil(() => tries === 1, { timeout: 60_000 })
    notifier.announce(2)
    await vi.waitUntil(() => tries === 2, { timeout: 60_000 })
    notifier.stop()
  })
})

describe('a listener', () => {
  test('goes on trying while the database is away, and says so once', async () => {
    vi.useFakeTimers()
    const failures: unknown[] = []
    const heard: string[] = []
    let tries = 0
    let unlistened = 0
    const client = {
      async listen(_channel: string, onNotify: (payload: string) => void) {
        tries += 1
        if (tries < 3) throw new Error('away')
        onNotify('7')
        return {
          async unlisten() {
            unlistened += 1
          },
        }
      },
    }
    const stop = listenForNotifications(client, {
      channels: ['ops_changed'],
      onNotify: (payload, channel) => heard.push(`${channel} ${payload}`),
      onFailure: error => failures.push(error),
    })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(heard).toEqual(['ops_changed 7'])
    expect(failures).toHaveLength(1)
    await stop()
    expect(unlistened).toBe(1)
    vi.useRealTimers()
  })
})
