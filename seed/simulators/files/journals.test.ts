import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { type JournalEntry, openJournals } from './journals.ts'

const NOON = Date.UTC(2026, 10, 20, 12)
const MADRID = { id: 'madrid-sol', zone: 'Europe/Madrid', cutOverHour: 4 }

function entry(id: string, at = NOON): JournalEntry {
  const event = { source: 'till', id, store: MADRID.id, eventTime: formatInstant(at) } as unknown as SentEvent
  return { store: MADRID, event, sent: event }
}

describe('the journals', () => {
  let folder: string
  let dropDir: string
  beforeEach(async () => {
    const root = await mkdtemp(path.join(os.tmpdir(), 'tillstream-journals-'))
    folder = path.join(root, 'journals')
    dropDir = path.join(root, 'drop')
    await mkdir(folder)
  })
  afterEach(() => rm(path.dirname(folder), { recursive: true }))

  const open = (startedAt = NOON) => openJournals({ folder, dropDir, stores: [MADRID], startedAt })
  const dropped = async () => (await readdir(path.join(dropDir, 'journal')).catch(() => [])).sort()
  async function idsIn(name: string): Promise<string[]> {
    const text = await readFile(path.join(dropDir, 'journal', name), 'utf8')
    return text
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as { id: string }).id)
  }

  test('grow as things happen, and are dropped every ten minutes, each with its mark', async () => {
    const journals = await open()
    await journals.write([entry('1'), entry('2')])
    expect(await journals.step(NOON + 9 * MINUTE_MS)).toEqual([])
    expect(await journals.step(NOON + 10 * MINUTE_MS)).toEqual(['madrid-sol-2026-11-20-1.ndjson'])
    expect(await dropped()).toEqual(['madrid-sol-2026-11-20-1.ndjson', 'madrid-sol-2026-11-20-1.ndjson.done'])
    expect(await idsIn('madrid-sol-2026-11-20-1.ndjson')).toEqual(['1', '2'])
    await journals.write([entry('3')])
    expect(await journals.step(NOON + 20 * MINUTE_MS)).toEqual(['madrid-sol-2026-11-20-2.ndjson'])
    expect(await readdir(folder)).toEqual([])
  })

  test('of days that are over arrive at two and four minutes, that of today with the first drop', async () => {
    for (const name of [
      'lisbon-2026-11-19',
      'madrid-sol-2026-11-18',
      'madrid-sol-2026-11-19',
      'madrid-sol-2026-11-20-0',
    ])
      await writeFile(path.join(folder, `${name}.ndjson`), '{}\n')
    const journals = await open()
    expect(await journals.step(NOON + MINUTE_MS)).toEqual([])
    expect(await journals.step(NOON + 2 * MINUTE_MS)).toEqual(['madrid-sol-2026-11-18.ndjson'])
    expect(await journals.step(NOON + 4 * MINUTE_MS)).toEqual(['madrid-sol-2026-11-19.ndjson'])
    // A store that this world does not know is dropped as well: the import says what is wrong with it.
    expect(await journals.step(NOON + 10 * MINUTE_MS)).toEqual([
      'lisbon-2026-11-19.ndjson',
      'madrid-sol-2026-11-20-0.ndjson',
    ])
  })

  test('of two business days are two files', async () => {
    const journals = await open()
    await journals.write([entry('1'), entry('2', NOON + 16 * HOUR_MS)])
    expect(await journals.step(NOON + 17 * HOUR_MS)).toEqual([
      'madrid-sol-2026-11-20-1.ndjson',
      'madrid-sol-2026-11-21-1.ndjson',
    ])
  })

  test('after a kill go on where they were: nothing is lost, half a line is written again', async () => {
    await (await open()).write([entry('1')])
    const [growing = ''] = await readdir(folder)
    await appendFile(path.join(folder, growing), JSON.stringify(entry('2').sent).slice(0, 20))
    const journals = await open(NOON + MINUTE_MS)
    await journals.restore([entry('1'), entry('2')])
    await journals.write([entry('3')])
    const [name = ''] = await journals.step(NOON + 11 * MINUTE_MS)
    expect(await idsIn(name)).toEqual(['1', '2', '3'])
  })

  test('a kill between drop and removal drops the same file once more', async () => {
    const journals = await open()
    await journals.write([entry('1')])
    const [name = ''] = await journals.step(NOON + 10 * MINUTE_MS)
    const copy = await readFile(path.join(dropDir, 'journal', name), 'utf8')
    await writeFile(path.join(folder, name), copy)
    const again = await open(NOON + 11 * MINUTE_MS)
    await again.write([entry('2')])
    expect(await again.step(NOON + 21 * MINUTE_MS)).toEqual([name, 'madrid-sol-2026-11-20-2.ndjson'])
    expect(await readFile(path.join(dropDir, 'journal', name), 'utf8')).toBe(copy)
  })

  test('what cannot be written is written with what comes next', async () => {
    const journals = await open()
    await rm(folder, { recursive: true })
    await writeFile(folder, 'no folder any more')
    await expect(journals.write([entry('1')])).rejects.toThrow()
    await rm(folder)
    await mkdir(folder)
    await journals.write([entry('2')])
    const [name = ''] = await journals.step(NOON + 10 * MINUTE_MS)
    expect(await idsIn(name)).toEqual(['1', '2'])
  })
})
