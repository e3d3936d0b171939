import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SentEvent } from '#domain/event.ts'
import { writeShops } from '#seed/world/world-files.ts'
import { openShopFiles } from './shop-files.ts'

const SEED = { randomSeed: 1, stores: 4, ordersPerDay: 2_000, until: 1_000 }
const happening = (id: string) => ({ event: { source: 'till', id } as unknown as SentEvent, clockMs: 0 })
const STATE = { shops: {}, outboxes: {} }

describe('the files of the shops', () => {
  let dataDir: string
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-shops-'))
    await writeShops(dataDir, { seed: SEED, ...STATE })
  })
  afterEach(() => rm(dataDir, { recursive: true }))

  const idsSince = async (seed = SEED) =>
    (await openShopFiles(dataDir, seed)).kept.since.map(({ event }) => event.id)

  test('what happened since all was written down is found again after a kill', async () => {
    const { keeper } = await openShopFiles(dataDir, SEED)
    await keeper.record([happening('1')])
    await keeper.save(STATE)
    await keeper.record([happening('2')])
    await keeper.record([happening('3')])
    expect(await idsSince()).toEqual(['2', '3'])
    expect(await idsSince()).toEqual(['2', '3'])
  })

  test('a line that was being written at the end is no line, and the next follows whole', async () => {
    const { keeper } = await openShopFiles(dataDir, SEED)
    await keeper.record([happening('1')])
    const [book = ''] = await readdir(path.join(dataDir, 'simulators'))
    await appendFile(path.join(dataDir, 'simulators', book), '{"event":{"source":"ti')
    const again = await openShopFiles(dataDir, SEED)
    expect(again.kept.since.map(({ event }) => event.id)).toEqual(['1'])
    await again.keeper.record([happening('2')])
    expect(await idsSince()).toEqual(['1', '2'])
  })

  test('the book of another world is not read', async () => {
    const { keeper } = await openShopFiles(dataDir, SEED)
    await keeper.record([happening('1')])
    const other = { ...SEED, until: 2_000 }
    await writeShops(dataDir, { seed: other, ...STATE })
    expect(await idsSince(other)).toEqual([])
  })

  test('one book is kept at a time', async () => {
    const { keeper } = await openShopFiles(dataDir, SEED)
    for (let time = 0; time < 3; time += 1) await keeper.save(STATE)
    expect((await readdir(path.join(dataDir, 'simulators'))).length).toBe(1)
  })
})
