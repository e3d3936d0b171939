import { describe, expect, it } from 'vitest'
import { type ProcessLife, streamEntries, type Taking } from './timeline.ts'

const T0 = Date.UTC(2026, 10, 20, 18, 41, 0)
const at = (seconds: number) => T0 + seconds * 1_000

function life(name: string, from: number, more: Partial<ProcessLife> = {}): ProcessLife {
  return { name, startedAt: at(from), endedAt: null, beatAt: at(100), isConnected: true, ...more }
}

function taking(owner: string, partition: number, epoch: number, seconds: number): Taking {
  return { consumer: 'stream/1', partition, epoch, owner, workingAt: at(seconds) }
}

describe('the timeline of stream processes', () => {
  it('says of one that was killed when others worked on all it had', () => {
    const processes = [life('a', 0, { beatAt: at(12), isConnected: false }), life('b', 1)]
    const takings = [
      ...[0, 1].map(partition => taking('a', partition, 1, 2)),
      taking('b', 0, 2, 13.2),
      taking('b', 1, 2, 13.9),
    ]
    expect(streamEntries(processes, takings)).toEqual([
      { at: at(0), kind: 'started', text: 'a began' },
      { at: at(12), kind: 'killed', text: 'a was killed: others worked on partitions 0, 1 within 1.9 s' },
      { at: at(1), kind: 'started', text: 'b began' },
      { at: at(13.9), kind: 'takes over', text: 'b works on partitions 0, 1, after a' },
    ])
  })

  it('says minutes where it took minutes', () => {
    const processes = [life('a', 0, { beatAt: at(12), isConnected: false }), life('b', 1)]
    const takings = [taking('a', 0, 1, 2), taking('b', 0, 2, 151.4)]
    expect(streamEntries(processes, takings)).toContainEqual({
      at: at(12),
      kind: 'killed',
      text: 'a was killed: others worked on partition 0 within 2 min 19 s',
    })
  })

  it('tells of one that took several partitions once, though a minute of the clock turned meanwhile', () => {
    const takings = [
      ...[0, 1, 2].map(partition => taking('a', partition, 1, 2)),
      taking('b', 1, 2, 60.2),
      taking('b', 0, 2, 59.8),
      taking('b', 2, 2, 130),
    ]
    expect(streamEntries([], takings)).toEqual([
      { at: at(60.2), kind: 'takes over', text: 'b works on partitions 0, 1, after a' },
      { at: at(130), kind: 'takes over', text: 'b works on partition 2, after a' },
    ])
  })

  it('does not put down to an end what was left to others before it', () => {
    const processes = [life('a', 0, { endedAt: at(50), isConnected: false }), life('b', 1)]
    const takings = [taking('a', 0, 1, 2), taking('a', 1, 1, 2), taking('b', 1, 2, 5), taking('b', 0, 2, 51)]
    expect(streamEntries(processes, takings)).toContainEqual({
      at: at(50),
      kind: 'stopped',
      text: 'a ended as it was told to: others worked on partition 0 within 1.0 s',
    })
  })

  it('knows no take-over where a process takes again what it had, or in another generation', () => {
    const again = [
      taking('a', 0, 1, 2),
      taking('a', 0, 2, 9),
      { ...taking('b', 0, 3, 9), consumer: 'stream/2' },
    ]
    expect(streamEntries([], again)).toEqual([])
  })
})
