import { describe, expect, it } from 'vitest'
import { type NodeKey, nodesOf } from '#app/pipeline/overview/flow-nodes.ts'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'

type Flow = RouterOutputs['pipeline']['flow']

const NOON = Date.parse('2026-11-20T12:00:00Z')
const OK = { health: 'ok' as const, why: '' }

/** A pipeline of which nothing has happened yet. */
function flow(part: { batch?: Partial<Flow['freshness']['batch']> } & Partial<Flow> = {}): Flow {
  const { batch, ...rest } = part
  return {
    now: NOON,
    health: {
      tills: OK,
      files: OK,
      intake: OK,
      log: OK,
      stream: OK,
      batch: OK,
      liveTables: OK,
      reports: OK,
      serving: OK,
    },
    freshness: {
      archive: null,
      batch: { lagEvents: 0, lagMs: 0, dirtyStoreDays: 0, lastRunId: null, computedAt: null, ...batch },
      stream: { lagEvents: 0, lagMs: 0, watermark: null, processedAt: null, generation: 1 },
    } as Flow['freshness'],
    perMinute: { live: 0, bulk: 0, rejected: 0, streamRead: 0, batchRead: 0 },
    partitions: [],
    openLetters: 0,
    files: { loaded: 0, failed: 0, newestAt: null, untaken: 0 },
    reconciliation: null,
    witnesses: {
      verdict: 'never',
      compared: null,
      unexplained: [],
      findings: [],
      storeDaysNotCompared: 0,
      failure: null,
      heldByArchive: null,
    },
    ...rest,
  }
}

function line(key: NodeKey, name: string, of: Flow): string | undefined {
  return nodesOf(of, NOON)
    .find(node => node.key === key)
    ?.lines.find(each => each.name === name)?.value
}

describe('the drawing of the pipeline', () => {
  it('has nothing unexplained and no finding only once it was compared', () => {
    expect(line('serving', 'Unexplained', flow())).toBe('not compared yet')
    expect(line('serving', 'Findings', flow())).toBe('not audited yet')
    expect(line('serving', 'Compared', flow())).toBe('not yet')
    const compared = { figures: 7, from: '2026-11-19', to: '2026-11-20', newestAt: NOON - 60_000 }
    const witnesses = { ...flow().witnesses, compared }
    expect(line('serving', 'Unexplained', flow({ witnesses }))).toBe('0')
    // By the seeder or by hand: no run is in the ledger.
    expect(line('serving', 'Compared', flow({ witnesses }))).toBe('1 min 00 s ago')
    const partly = { ...witnesses, storeDaysNotCompared: 3 }
    expect(line('serving', 'Unexplained', flow({ witnesses: partly }))).toBe('0, 3 store-days not compared')
    const found = { ...witnesses, findings: [{ store: 'a', kind: 'audit row' as const, findings: 4 }] }
    expect(line('serving', 'Findings', flow({ witnesses: found }))).toBe('4')
  })

  it('says where the log is kept, and what of a topic is not archived', () => {
    expect(line('log', 'Kept in', flow())).toBe('Postgres')
    expect(line('log', 'Not archived yet', flow())).toBeUndefined()
    const archive = { topic: 'orders', partitions: [], lagEvents: 3, lagMs: 400 }
    const gone = { partition: 0, through: 7, end: 7, lagEvents: 0, lagMs: 0, isWorkedOn: false }
    const partitions = [{ ...gone, seenAt: NOON - 54_000 }]
    const stands = { ...flow().freshness, archive: { ...archive, lagEvents: 0, partitions } }
    expect(line('log', 'Not archived yet', flow({ freshness: stands }))).toBe('not known for 54 s')
    const freshness = { ...flow().freshness, archive }
    expect(line('log', 'Kept in', flow({ freshness }))).toBe('Kafka')
    expect(line('log', 'Not archived yet', flow({ freshness }))).toBe('3 events, 400 ms old')
  })

  it('does not call a batch without work that has events to look at', () => {
    expect(line('reports', 'To do', flow())).toBe('nothing')
    expect(line('reports', 'To do', flow({ batch: { lagEvents: 12 } }))).toBe('12 events to look at')
    expect(line('reports', 'To do', flow({ batch: { lagEvents: 12, dirtyStoreDays: 1 } }))).toBe(
      '1 store-day',
    )
  })

  it('knows when the newest file was loaded, however few came within a day', () => {
    const files = { loaded: 0, failed: 0, newestAt: NOON - 3 * 86_400_000, untaken: 0 }
    expect(line('files', 'Newest loaded', flow({ files }))).toBe('3 days ago')
    expect(line('files', 'Newest loaded', flow())).toBe('none on file')
  })
})
