import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Happening } from '#seed/simulators/sender.ts'
import { readShops, type SeedRecord, type ShopsRecord, writeShops } from '#seed/world/world-files.ts'

/** What the shops know when they open. */
export type KeptShops = Pick<ShopsRecord, 'shops' | 'outboxes'> & {
  /** What happened after that was written down, oldest first. It may have been delivered since. */
  since: Happening[]
}

export type ShopKeeper = Awaited<ReturnType<typeof openShopFiles>>['keeper']

const BOOK = /^book-(\d+)\.ndjson$/

/**
 * Keeps how the shops stand through a kill at any moment. Now and then all of it is written down
 * (`shops.json`); what happens in between is appended to a book, before any sender gets it. So a till's totals
 * never miss an order that the log has.
 * @param dataDir where the seeder left `shops.json`; the books lie in a folder of their own
 */
export async function openShopFiles(dataDir: string, seed: SeedRecord) {
  const folder = path.join(dataDir, 'simulators')
  await mkdir(folder, { recursive: true })
  const record = await readShops(dataDir, seed)
  // A book tells of one world: another's may lie here under the same number.
  const heading = JSON.stringify(seed)
  let number = record?.book ?? 0
  const bookOf = (wanted: number) => path.join(folder, `book-${wanted}.ndjson`)
  const since = record ? await readBook(bookOf(number), heading) : null
  if (since === null) await writeFile(bookOf(number), `${heading}\n`)
  await removeOthers()

  async function removeOthers(): Promise<void> {
    for (const name of await readdir(folder)) {
      const other = BOOK.exec(name)?.[1]
      if (other !== undefined && Number(other) !== number) await rm(path.join(folder, name), { force: true })
    }
  }

  return {
    kept: { shops: record?.shops ?? {}, outboxes: record?.outboxes ?? {}, since: since ?? [] },
    keeper: {
      async record(happenings: readonly Happening[]): Promise<void> {
        if (happenings.length === 0) return
        await appendFile(
          bookOf(number),
          happenings.map(happening => `${JSON.stringify(happening)}\n`).join(''),
        )
      },
      /** Writes all of it down, and begins a new book. */
      async save(kept: Omit<KeptShops, 'since'>): Promise<void> {
        // The new book before the record that names it: a crash in between finds the old pair.
        await writeFile(bookOf(number + 1), `${heading}\n`)
        await writeShops(dataDir, { seed, book: number + 1, ...kept })
        number += 1
        await removeOthers()
      },
    },
  }
}

/** @returns null when there is no such book of this world */
async function readBook(file: string, heading: string): Promise<Happening[] | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT') return ''
    throw error
  })
  const lines = text.split('\n')
  if (lines.shift() !== heading) return null
  // What follows the last line break was being written when the end came: no sender ever got it.
  const whole = lines.slice(0, -1)
  if ((lines.at(-1) ?? '') !== '')
    await writeFile(file, [heading, ...whole].map(line => `${line}\n`).join(''))
  return whole.map(line => JSON.parse(line) as Happening)
}
